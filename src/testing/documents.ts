// Documents that are always the same: a page, JSON, XML, text in many scripts, a form.

import { HttpResponse } from "../http/message.ts";
import { jsonReply } from "./replies.ts";

const HTML = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Moby-Dick</title>
  </head>
  <body>
    <h1>Herman Melville - Moby-Dick</h1>
    <p>
      Call me Ishmael. Some years ago, never mind how long precisely, having little or no money in my purse, and nothing
      particular to interest me on shore, I thought I would sail about a little and see the watery part of the world.
    </p>
  </body>
</html>
`;

const XML = `<?xml version="1.0" encoding="us-ascii"?>
<!-- A SAMPLE set of slides -->
<slideshow title="Sample Slide Show" date="Date of publication" author="Yours Truly">
  <!-- TITLE SLIDE -->
  <slide type="all">
    <title>Wake up to WonderWidgets!</title>
  </slide>
  <!-- OVERVIEW -->
  <slide type="all">
    <title>Overview</title>
    <item>Why <em>WonderWidgets</em> are great</item>
    <item/>
    <item>Who <em>buys</em> WonderWidgets</item>
  </slide>
</slideshow>
`;

const SLIDES = {
  slideshow: {
    author: "Yours Truly",
    date: "date of publication",
    slides: [
      { title: "Wake up to WonderWidgets!", type: "all" },
      {
        items: ["Why <em>WonderWidgets</em> are great", "Who <em>buys</em> WonderWidgets"],
        title: "Overview",
        type: "all",
      },
    ],
    title: "Sample Slide Show",
  },
};

const JSON_LINES = `{"id": 0, "title": "Wake up to WonderWidgets!"}
{"id": 1, "title": "Overview"}
{"id": 2, "title": "Questions"}
`;

const ROBOTS = `User-agent: *
Disallow: /deny
`;

const DENIED = `
          .-''''''-.
        .' _      _ '.
       /   O      O   \\
      :                :
      |                |
      :       __       :
       \\  .-"\`  \`"-.  /
        '.          .'
          '-......-'
     YOU SHOULDN'T BE HERE
`;

const SCRIPTS = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Unicode</title>
  </head>
  <body>
    <h1>Unicode Demo</h1>
    <ul>
      <li lang="de">Falsches Üben von Xylophonmusik quält jeden größeren Zwerg</li>
      <li lang="fr">Dès Noël où un zéphyr haï me vêt de glaçons würmiens</li>
      <li lang="el">Ξεσκεπάζω την ψυχοφθόρα βδελυγμία</li>
      <li lang="ru">Съешь же ещё этих мягких французских булок да выпей чаю</li>
      <li lang="he">דג סקרן שט בים מאוכזב ולפתע מצא חברה</li>
      <li lang="ar">نص حكيم له سر قاطع وذو شأن عظيم</li>
      <li lang="hi">ऋषियों को सताने वाले दुष्ट राक्षसों के राजा रावण</li>
      <li lang="th">เป็นมนุษย์สุดประเสริฐเลิศคุณค่า</li>
      <li lang="zh">天地玄黃 宇宙洪荒</li>
      <li lang="ja">いろはにほへと ちりぬるを</li>
      <li lang="ko">키스의 고유조건은 입술끼리 만나야 하고</li>
      <li>∮ E⋅da = Q, n → ∞, ∑ f(i) = ∏ g(i), ∀x∈ℝ: ⌈x⌉ = −⌊−x⌋, 🐷 🦊 🐺</li>
    </ul>
  </body>
</html>
`;

const FORM = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Order a pizza</title>
  </head>
  <body>
    <form method="post" action="/post">
      <p><label>Customer name: <input name="custname"></label></p>
      <p><label>Telephone: <input type="tel" name="custtel"></label></p>
      <p><label>E-mail address: <input type="email" name="custemail"></label></p>
      <fieldset>
        <legend>Pizza Size</legend>
        <p><label><input type="radio" name="size" value="small"> Small</label></p>
        <p><label><input type="radio" name="size" value="medium"> Medium</label></p>
        <p><label><input type="radio" name="size" value="large"> Large</label></p>
      </fieldset>
      <fieldset>
        <legend>Pizza Toppings</legend>
        <p><label><input type="checkbox" name="topping" value="bacon"> Bacon</label></p>
        <p><label><input type="checkbox" name="topping" value="cheese"> Extra Cheese</label></p>
        <p><label><input type="checkbox" name="topping" value="onion"> Onion</label></p>
        <p><label><input type="checkbox" name="topping" value="mushroom"> Mushroom</label></p>
      </fieldset>
      <p><label>Preferred delivery time: <input type="time" min="11:00" max="21:00" step="900" name="delivery"></label></p>
      <p><label>Delivery instructions: <textarea name="comments"></textarea></label></p>
      <p><button>Submit order</button></p>
    </form>
  </body>
</html>
`;

const HTML_TYPE = "text/html; charset=utf-8";

/** The documents by their paths; each answers GET. */
export const DOCUMENTS: Readonly<Record<string, () => HttpResponse>> = {
  "/html": document(HTML, HTML_TYPE),
  "/xml": document(XML, "application/xml"),
  "/json": () => jsonReply(SLIDES),
  "/jsonl": document(JSON_LINES, "application/x-ndjson"),
  "/robots.txt": document(ROBOTS, "text/plain"),
  "/deny": document(DENIED, "text/plain"),
  "/encoding/utf8": document(SCRIPTS, HTML_TYPE),
  "/forms/post": document(FORM, HTML_TYPE),
};

function document(text: string, type: string): () => HttpResponse {
  const bytes = Buffer.from(text);
  return () => new HttpResponse(200, bytes).append("Content-Type", type);
}
