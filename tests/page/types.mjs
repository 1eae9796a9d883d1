// The types that stand in the comments of the page, checked as strictly as there is.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const found = createRequire(import.meta.url).resolve("typescript/package.json");
const { bin } = JSON.parse(readFileSync(found, "utf8"));
const told = spawnSync(process.execPath, [join(dirname(found), bin.tsc), "--noEmit", "-p", join(process.env.HEADCOUNT_PAGE, "tsconfig.json")], { encoding: "utf8" });
if (told.status !== 0) throw new Error(told.stdout + told.stderr);
console.log("the types fit");
