// hold-lease FILE: takes a lease on the file and does not let go when the system asks. Says "ready", or why not.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  signal(SIGIO, SIG_IGN);
  int file = open(argv[1], O_RDWR);
  if (file < 0 || fcntl(file, F_SETLEASE, F_WRLCK) != 0) {
    printf("no lease: %s\n", strerror(errno));
    return 1;
  }
  puts("ready");
  fflush(stdout);
  for (;;) pause();
}
