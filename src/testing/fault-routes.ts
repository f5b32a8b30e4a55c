// `/-/faults`: the rules in force, for whoever runs the tests.

import { fieldValue, type Handler, type HttpRequest, HttpResponse } from "../http/message.ts";
import type { Routes } from "../http/routes.ts";
import { keepBody } from "./body-memory.ts";
import { type FaultBook, parseFaultRules } from "./fault-book.ts";
import { BadFault } from "./fault-rule.ts";
import { notKept } from "./inspection.ts";
import { refuseStranger } from "./insiders.ts";
import { badRequest, jsonReply } from "./replies.ts";

/** The row. A client of another machine may not spoil what others get. */
export function createFaultRoutes(book: FaultBook): Routes {
  const forInsiders = (handler: Handler): Handler => {
    return (request) => refuseStranger(request) ?? handler(request);
  };
  return {
    "/-/faults": {
      GET: forInsiders(() => jsonReply(book.rules.map(({ text }) => text))),
      PUT: forInsiders((request) => replaceRules(request, book)),
      DELETE: forInsiders(() => {
        book.publish([]);
        return new HttpResponse(204);
      }),
    },
  };
}

/** One rule a line. */
async function replaceRules(request: HttpRequest, book: FaultBook): Promise<HttpResponse> {
  const kept = await keepBody(request);
  if (typeof kept === "string") return notKept(kept);
  const rules = parseFaultRules(new TextDecoder().decode(kept.bytes));
  kept.release();
  if (rules instanceof BadFault) return badRequest(fieldValue(`A fault must have ${rules.expected}.`));
  book.publish(rules);
  return new HttpResponse(204);
}
