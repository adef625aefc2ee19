import { assertEquals } from "../tests/lib/assert.ts";
import { closingLine, countsOf, NONE, skippedIn } from "./junit.ts";

Deno.test("countsOf() sums the suites of a report", () => {
  const report = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="6" failures="2" errors="0" time="0.100">
    <testsuite name="./b_test.ts" tests="5" disabled="1" errors="0" failures="2">
        <testcase name="a &lt;testsuite tests=&quot;9&quot;&gt;" time="0.001" line="7" col="6">
            <failure message="1 test step failed">1 test step failed.</failure>
        </testcase>
    </testsuite>
    <testsuite name="./b_test.ts$2-5.ts" tests="1" disabled="0" errors="1" failures="0">
    </testsuite>
</testsuites>`;
  assertEquals(countsOf(report), { passed: 2, failed: 3, skipped: 1 });
});

Deno.test("skippedIn() counts the reasons, unescaped, and no test that only names one", () => {
  const report = `
    <testcase name="a (skipped: no &quot;x&quot; &amp; &apos;y&apos; (os error 2))" time="0"/>
    <testcase name="b (skipped: no &quot;x&quot; &amp; &apos;y&apos; (os error 2))" time="0"/>
    <testcase name="c (skipped: needs root)" classname="x (skipped: other)"/>
    <testcase name="says (skipped: this) and goes on" time="0"/>`;
  const expected = new Map([[`no "x" & 'y' (os error 2)`, 2], ["needs root", 1]]);
  assertEquals(skippedIn(report), expected);
});

Deno.test("countsOf() finds nothing in an empty report", () => {
  assertEquals(countsOf(""), NONE);
});

Deno.test("closingLine() names skipped tests only when there are some", () => {
  assertEquals(closingLine({ passed: 3, failed: 1, skipped: 0 }), "3 passed, 1 failed");
});
