// `/image`: one small picture, 48 pixels wide, in several media types.

import { type HttpRequest, HttpResponse } from "../http/message.ts";
import { preferredType } from "../http/negotiation.ts";
import { noSuchPath } from "./replies.ts";
import { statusReply } from "./status-choice.ts";

const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAADAAAAAwCAYAAABXAvmHAAACaklEQVR4AeyTPUscURSGz72TpEn+SIpACMEiTUiRKkViE5JFyBdp" +
  "TYoUwR8gIqK1iJ+FoCIWYmWpiFioaOFfET9WfUYGV70ze2fm3FkWZ+GwM/eec973OWfXPu3/eNHNYaXLPzVApxfotYEn0aPKffpq" +
  "egEs/B6QxxVCoIWmz9S8AN4/fyWLFUFgHi001QBoREMaI8B7iKA3Gmj59vfaQNKMxghENldZUp75XcQ8DXM7AWL+53+JbO5S9JwR" +
  "WRv/ROntTMg4LOTiw4se0YKIrI17FTEPVyEACjUgInttnl70LBKFARBDmE1Yk79NZMubx0N+ZapaAojZ7/8kDwS5gFPb0qrQY2kA" +
  "VHtfvhFfCMyTq2EebRUAGvlAJObJpUYj1AAwgzGma4zh9VaEMI+AKgANgZjo+yvG3EAYY+KfGHfkaIY6AOa+vH4rCYQxJn7uvfqf" +
  "cKcdpQCW9zZT/QAx3uiPzfOclri0u5F25XVeCuDH7Kis7G+lCjV63kmWeWp/zY2l1vtc5AC436550ZRvMyOydrhz/7LNCTXU0qNN" +
  "auZ1KQA6Y6AxNZQLAvPUUEuPMlEaAPHzZlMwtHqwzWtmkEMuNZmJnpcqAGhhqG96WNaPdnl1BpMnh1xnQoFDNQC0MfZ5YtAJAZjm" +
  "5NEjVAFoeHp+JnchMM8ZgORohjoA5lohEvOccacdQQAwieGvk0PxNnjmLEQEA8Ds8emJhDSPRlAABEJHDRB6wu361xtoN6HQ9w9j" +
  "A8/+fBJXaE3X1Zszn/4PYwM+k+hUTr2BTk0+0a03kEzi1neFL/UGKhy2U6regHMsFR52/QYuAQAA//8u+2VUAAAABklEQVQDAPP2" +
  "G8ChqtRvAAAAAElFTkSuQmCC";

const JPEG =
  "/9j/4AAQSkZJRgABAQAAAQABAAD/4gHYSUNDX1BST0ZJTEUAAQEAAAHIAAAAAAQwAABtbnRyUkdCIFhZWiAH4AABAAEAAAAAAABh" +
  "Y3NwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAA9tYAAQAAAADTLQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" +
  "AAAAAAAAAAAAAAAAAAAAAAAAAAlkZXNjAAAA8AAAACRyWFlaAAABFAAAABRnWFlaAAABKAAAABRiWFlaAAABPAAAABR3dHB0AAAB" +
  "UAAAABRyVFJDAAABZAAAAChnVFJDAAABZAAAAChiVFJDAAABZAAAAChjcHJ0AAABjAAAADxtbHVjAAAAAAAAAAEAAAAMZW5VUwAA" +
  "AAgAAAAcAHMAUgBHAEJYWVogAAAAAAAAb6IAADj1AAADkFhZWiAAAAAAAABimQAAt4UAABjaWFlaIAAAAAAAACSgAAAPhAAAts9Y" +
  "WVogAAAAAAAA9tYAAQAAAADTLXBhcmEAAAAAAAQAAAACZmYAAPKnAAANWQAAE9AAAApbAAAAAAAAAABtbHVjAAAAAAAAAAEAAAAM" +
  "ZW5VUwAAACAAAAAcAEcAbwBvAGcAbABlACAASQBuAGMALgAgADIAMAAxADb/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcg" +
  "LikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09P" +
  "T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT0//wAARCAAwADADASIAAhEBAxEB/8QAGgABAQEBAAMAAAAAAAAAAAAAAAcE" +
  "BgIDBf/EAC8QAAEDAwEFBAsAAAAAAAAAAAEAAgQDBREhBhITMVEUFSXRFkRGYoWSobHBw+H/xAAZAQADAQEBAAAAAAAAAAAAAAAA" +
  "AQMCBAX/xAAgEQABAwMFAQAAAAAAAAAAAAAAAQIRAwQSExQhMXEi/9oADAMBAAIRAxEAPwD4C0zIMiEKLq7MNr021abhycCAfysy" +
  "qdC2RrrsrBjSm5BjUy1w5sO4NQg8qlS1JRCWIt94tMm0TDHkjIOrKgGjx1HklntMm7zRHjjAGr6hGjB1PkmTxWcY5PTDgyJorOoM" +
  "y2hTdVqOPJoAJ/CzKp17bGtWys6NFbgCNULnHm87p1KliRSrS04RQqxCkGJslQkhocaMFtQNJ54p5wpOql7C/DP1IK2vGXh5eG7V" +
  "2bq0/PSf5/dPDdlLN0aPnqv8/sp1ZrtJs8wSI5y06VKZOjx0/qXm7SbxNMiQcNGlOmDowdP6ge5bGUfRSZsgy9kq8ktDTWguqFoP" +
  "LNPOFJ1UvYX4Z+pS1ArpZx8C6n0w8C7s7B6t2ficb3d3ON36ZXLImc7Xub0EREGDqfTDwLuzsHq3Z+Jxvd3c43fplcsiINue53Z/" +
  "/9k=";

const WEBP =
  "UklGRvQCAABXRUJQVlA4WAoAAAAgAAAALwAALwAASUNDUMgBAAAAAAHIAAAAAAQwAABtbnRyUkdCIFhZWiAH4AABAAEAAAAAAABh" +
  "Y3NwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAA9tYAAQAAAADTLQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" +
  "AAAAAAAAAAAAAAAAAAAAAAAAAAlkZXNjAAAA8AAAACRyWFlaAAABFAAAABRnWFlaAAABKAAAABRiWFlaAAABPAAAABR3dHB0AAAB" +
  "UAAAABRyVFJDAAABZAAAAChnVFJDAAABZAAAAChiVFJDAAABZAAAAChjcHJ0AAABjAAAADxtbHVjAAAAAAAAAAEAAAAMZW5VUwAA" +
  "AAgAAAAcAHMAUgBHAEJYWVogAAAAAAAAb6IAADj1AAADkFhZWiAAAAAAAABimQAAt4UAABjaWFlaIAAAAAAAACSgAAAPhAAAts9Y" +
  "WVogAAAAAAAA9tYAAQAAAADTLXBhcmEAAAAAAAQAAAACZmYAAPKnAAANWQAAE9AAAApbAAAAAAAAAABtbHVjAAAAAAAAAAEAAAAM" +
  "ZW5VUwAAACAAAAAcAEcAbwBvAGcAbABlACAASQBuAGMALgAgADIAMAAxADZWUDggBgEAADAIAJ0BKjAAMAA+rUSbSaYjoqE8cggA" +
  "wBWJZgDPHAEmlGA2zQp0d0AcI/ptVLoQxBkTl7k+a9uzHetKG+HK5m5VRH9fNgJv5CQgAP7rzo+C783KbxvFSF7jKwmjci8d+TR8" +
  "Qe//wrXvjJ/Q++/WzRk02DL7b6AW6UZH8wmBsuqRYHwKPm5u+NqqA/dDeWMg7LsLvNvE7dvJfzfQ8LQ5yyfGfv8UogEWK/4G33vO" +
  "Kc5u8+zQEv+shemrt3isV0AfC+nix8Dz99gnNfWPDL5gsjAId32LXnzrWFmb/DV1IEXJETXvrJa48f5vzVJAfemq5rpv7DmVejIT" +
  "w8biQwrO9IcV1AICAAA=";

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48" width="48" height="48">
  <rect width="48" height="48" fill="#0b6e4f"/>
  <path d="M12 36V12l12 12 12-12v24" fill="none" stroke="#fff" stroke-width="6"/>
</svg>
`;

/** By the last segment of the path; the first is what a client gets that takes any. */
const IMAGES: ReadonlyMap<string, readonly [type: string, bytes: Uint8Array]> = new Map([
  ["png", ["image/png", Buffer.from(PNG, "base64")]],
  ["jpeg", ["image/jpeg", Buffer.from(JPEG, "base64")]],
  ["webp", ["image/webp", Buffer.from(WEBP, "base64")]],
  ["svg", ["image/svg+xml", Buffer.from(SVG)]],
]);
const TYPES = [...IMAGES.values()].map(([type]) => type);

/** GET `/image`: by Accept, 406 when it names none of them. */
export function chooseImage({ fields }: HttpRequest): HttpResponse {
  const preferred = preferredType(fields.get("accept"), TYPES);
  const chosen = [...IMAGES.values()].find(([type]) => type === preferred);
  return (chosen === undefined ? statusReply(406) : imageReply(...chosen)).append("Vary", "Accept");
}

/** GET `/image/{kind}`. */
export function sendImage(_request: HttpRequest, kind: string): HttpResponse {
  const image = IMAGES.get(kind);
  return image === undefined ? noSuchPath([...IMAGES.keys()].join(", ")) : imageReply(...image);
}

function imageReply(type: string, bytes: Uint8Array): HttpResponse {
  return new HttpResponse(200, bytes).append("Content-Type", type);
}
