// kill-at N PID...: traces all threads of the processes, counts their calls that change a file system, and kills all of
// the processes with signal 9 at the entry of the Nth, which is therefore not done any more.
// Says "ready" once it counts, and then "killed NAME". On SIGTERM it lets go and says "counted NAME NAME ...".

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <linux/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK)

struct change {
  long number;
  const char *name;
  // The argument that must be a descriptor of a file, or -1.
  int descriptor;
  // The argument that must hold O_CREAT or O_TRUNC, or -1.
  int flags;
};

static const struct change changes[] = {
    {SYS_openat, "openat", -1, 2},
#ifdef SYS_open
    {SYS_open, "open", -1, 1},
    {SYS_rename, "rename", -1, -1},
    {SYS_link, "link", -1, -1},
    {SYS_symlink, "symlink", -1, -1},
    {SYS_unlink, "unlink", -1, -1},
    {SYS_mkdir, "mkdir", -1, -1},
    {SYS_rmdir, "rmdir", -1, -1},
    {SYS_chmod, "chmod", -1, -1},
#endif
    {SYS_renameat, "renameat", -1, -1},
    {SYS_renameat2, "renameat2", -1, -1},
    {SYS_linkat, "linkat", -1, -1},
    {SYS_symlinkat, "symlinkat", -1, -1},
    {SYS_unlinkat, "unlinkat", -1, -1},
    {SYS_mkdirat, "mkdirat", -1, -1},
    {SYS_fchmod, "fchmod", -1, -1},
    {SYS_fchmodat, "fchmodat", -1, -1},
    {SYS_fchown, "fchown", -1, -1},
    {SYS_utimensat, "utimensat", -1, -1},
    {SYS_fsetxattr, "fsetxattr", -1, -1},
    {SYS_fsync, "fsync", -1, -1},
    {SYS_fdatasync, "fdatasync", -1, -1},
    {SYS_ftruncate, "ftruncate", -1, -1},
    {SYS_fallocate, "fallocate", -1, -1},
    {SYS_write, "write", 0, -1},
    {SYS_pwrite64, "pwrite64", 0, -1},
    {SYS_writev, "writev", 0, -1},
    {SYS_pwritev, "pwritev", 0, -1},
    {SYS_pwritev2, "pwritev2", 0, -1},
    {SYS_copy_file_range, "copy_file_range", 2, -1},
};

static volatile sig_atomic_t is_over = 0;
static void finish(int signal) {
  (void)signal;
  is_over = 1;
}

static int is_file(pid_t thread, unsigned long descriptor) {
  char path[64], real[4096];
  snprintf(path, sizeof path, "/proc/%d/fd/%lu", thread, descriptor);
  ssize_t length = readlink(path, real, sizeof real - 1);
  if (length <= 0) return 0;
  real[length] = 0;
  return real[0] == '/' && strncmp(real, "/dev/", 5) != 0;
}

static const char *change_of(pid_t thread) {
  struct __ptrace_syscall_info info;
  if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) <= 0) return NULL;
  if (info.op != PTRACE_SYSCALL_INFO_ENTRY) return NULL;
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
    const struct change *row = &changes[i];
    if ((long)info.entry.nr != row->number) continue;
    if (row->flags >= 0 && !(info.entry.args[row->flags] & (O_CREAT | O_TRUNC))) return NULL;
    if (row->descriptor >= 0 && !is_file(thread, info.entry.args[row->descriptor])) return NULL;
    return row->name;
  }
  return NULL;
}

static void seize(pid_t process) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/task", process);
  DIR *tasks = opendir(path);
  if (tasks == NULL) return;
  for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
    pid_t thread = atoi(entry->d_name);
    if (thread <= 0 || ptrace(PTRACE_SEIZE, thread, 0, OPTIONS) != 0) continue;
    ptrace(PTRACE_INTERRUPT, thread, 0, 0);
  }
  closedir(tasks);
}

int main(int argc, char **argv) {
  long wanted = atol(argv[1]), count = 0;
  char *names = calloc(1, 1 << 20);
  struct sigaction action = {.sa_handler = finish};
  sigaction(SIGTERM, &action, NULL);
  // Threads may start while the first are seized.
  for (int round = 0; round < 2; round++)
    for (int i = 2; i < argc; i++) seize(atoi(argv[i]));
  puts("ready");
  fflush(stdout);
  while (!is_over) {
    int status;
    pid_t thread = waitpid(-1, &status, __WALL);
    if (thread < 0) {
      if (errno == EINTR) continue;
      break;
    }
    if (!WIFSTOPPED(status)) continue;
    int signal = WSTOPSIG(status), event = status >> 16;
    if (signal == (SIGTRAP | 0x80)) {
      const char *name = change_of(thread);
      if (name != NULL && strlen(names) < (1 << 20) - 64) strcat(strcat(names, " "), name);
      if (name != NULL && ++count == wanted) {
        for (int i = 2; i < argc; i++) kill(atoi(argv[i]), SIGKILL);
        printf("killed %s\n", name);
        return 0;
      }
      signal = 0;
    } else if (event != 0) {
      signal = 0;
    }
    ptrace(PTRACE_SYSCALL, thread, 0, signal);
  }
  printf("counted%s\n", names);
  return 0;
}
