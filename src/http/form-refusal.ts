// Every way in which a multipart/form-data body can be refused (RFC 7578, RFC 2046), as the rows of refusal.ts are.

import type { Refusal } from "./refusal.ts";

function refusal(name: string, status: number, reason: string): Refusal {
  return { name, status, reason };
}

// The form as a whole.
export const BAD_DELIMITER = refusal("BAD_DELIMITER", 400, "A line with the form's boundary is malformed.");
export const STRAY_DELIMITER = refusal(
  "STRAY_DELIMITER",
  400,
  "The form's boundary stands where no part can begin: behind other text on its line, or behind the closing boundary.",
);
export const OUTSIDE_PARTS = refusal(
  "OUTSIDE_PARTS",
  400,
  "The form has more than 8 KiB before its first or behind its last part.",
);
export const TOO_MANY_PARTS = refusal("TOO_MANY_PARTS", 413, "The form has more parts than the limit.");
export const PART_HEAD_TOO_LARGE = refusal("PART_HEAD_TOO_LARGE", 413, "The head of a form part is over 8 KiB.");
export const INCOMPLETE_FORM = refusal("INCOMPLETE_FORM", 400, "The form ended before its closing boundary.");

// The head of a part.
export const BAD_PART_HEAD = refusal(
  "BAD_PART_HEAD",
  400,
  "A line in the head of a form part is malformed or repeated.",
);
export const BAD_PART_TEXT = refusal("BAD_PART_TEXT", 400, "The head of a form part is not UTF-8.");
export const BAD_DISPOSITION = refusal(
  "BAD_DISPOSITION",
  400,
  "A form part needs a Content-Disposition of form-data with a name.",
);
export const ENCODED_PART = refusal(
  "ENCODED_PART",
  415,
  "A form part has a Content-Transfer-Encoding; send its bytes as they are.",
);
export const BAD_FILENAME = refusal(
  "BAD_FILENAME",
  400,
  "The file name is in a form that cannot be read; send it in UTF-8, as filename or filename*.",
);
export const NAMELESS_FILE = refusal("NAMELESS_FILE", 400, "It has content, but its file name is empty.");
export const NESTED_FORM = refusal(
  "NESTED_FORM",
  400,
  "It holds parts of its own (multipart); send each file as a part of the form itself.",
);
export const PART_OF_FILE = refusal(
  "PART_OF_FILE",
  400,
  "It says that the file beside it is only a part; send each file whole, in one form.",
);
