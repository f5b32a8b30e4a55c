import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { joinScripts, stripModule } from "../../src/pages/script-text.ts";

const SCRIPTS = join(import.meta.dir, "../../src/pages/scripts");

describe("a module becomes part of a page's script", () => {
  const modules: [why: string, module: string, text: string][] = [
    ["without imports", 'import { a,\n  b } from "./a.js";\nimport "./b.js";\nrun(a, b);\n', "run(a, b);\n"],
    [
      "with what it exports",
      "export const a = 1;\nexport async function b() {}\nexport class C {}\n",
      "const a = 1;\nasync function b() {}\nclass C {}\n",
    ],
    ["without comments on lines of their own", "// why\n/**\n * @param {number} a\n */\nf(a);\n  // more\n", "f(a);\n"],
    [
      "with words that look alike",
      'say("import { a } from b;"); // the end\n',
      'say("import { a } from b;"); // the end\n',
    ],
  ];
  test.each(modules)("%s", (_why, module, text) => {
    expect(stripModule(module)).toBe(text);
  });

  test("in strict mode, in a block of its own", () => {
    const run = new Function(joinScripts(["const a = 1;\n", "globalThis.joined = [a, this];\n"]));
    run.call(undefined);
    expect(Reflect.get(globalThis, "joined")).toEqual([1, undefined]);
    Reflect.deleteProperty(globalThis, "joined");
  });

  test("which has each name once", () => {
    for (const twice of ["const a = 1;\n", "function a() {}\n", "class a {}\n"])
      expect(() => new Function(joinScripts([twice, twice]))).toThrow(SyntaxError);
  });
});

describe("the scripts of the pages", () => {
  const files = readdirSync(SCRIPTS).filter((file) => file.endsWith(".js"));
  test.each(files)("%s has nothing that a module has and a script has not, and does not end its element", (file) => {
    const text = stripModule(readFileSync(join(SCRIPTS, file), "utf8"));
    expect(text).not.toMatch(/^\s*(?:import|export)\b/m);
    expect(text).not.toMatch(/<\/script|<!--/i);
    expect(() => new Function(text)).not.toThrow();
  });
});
