import { assertEquals } from "../tests/lib/assert.ts";
import { pathsLike } from "./glob.ts";

for (
  const [glob, paths] of [
    ["/dev/sdb", "/dev/sdb"],
    ["/dev/sd*", "/dev/sd0 /dev/sd1 /dev/sd2"],
    ["/dev/loop[0-9]*", "/dev/loop0 /dev/loop1 /dev/loop2"],
    ["/dev/sd[bd]", "/dev/sdb /dev/sdd"],
    ["/dev/sd[!0-9a]", "/dev/sdb /dev/sdc /dev/sdd"],
    ["/dev/sd[a-b][1-2]", "/dev/sda1 /dev/sda2 /dev/sdb1"],
    ["/dev/{sda,nvme0}", "/dev/sda /dev/nvme0"],
    ["/dev/sd?", "/dev/sd0 /dev/sd1 /dev/sd2"],
    ["/srv/\\*", "/srv/*"],
    ["/srv/a[b", "/srv/a[b"],
    ["/srv/a{b", "/srv/a{b"],
    ["/srv/[c-a]", ""],
    ["/srv/**/d", "/srv/0/d /srv/1/d /srv/2/d"],
  ] as const
) {
  Deno.test(`pathsLike() finds paths for ${glob}`, () => {
    assertEquals(pathsLike(glob, 3).join(" "), paths);
  });
}
