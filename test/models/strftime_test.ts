import { assertEquals } from "@std/assert";
import { strftimeNow } from "../../lib/models/strftime.ts";

Deno.test("strftimeNow() writes a day that never changes, as Python does", () => {
  // datetime.datetime(2024, 7, 26).strftime(…)
  const cases: readonly [string, string][] = [
    ["%d %b %Y", "26 Jul 2024"],
    ["%B %-d, %Y", "July 26, 2024"],
    ["%A %a %u %w", "Friday Fri 5 5"],
    ["%H:%M:%S %I %p", "00:00:00 12 AM"],
    ["%j %y %m %-m %e", "208 24 07 7 26"],
    ["%F %T %D %R", "2024-07-26 00:00:00 07/26/24 00:00"],
    ["%c", "Fri Jul 26 00:00:00 2024"],
    ["100 %% of %Q%", "100 % of %Q%"],
  ];
  for (const [format, text] of cases) assertEquals(strftimeNow(format), text, format);
});
