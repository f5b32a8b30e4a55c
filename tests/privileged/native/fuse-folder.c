// fuse-folder MOUNTPOINT: a FUSE file system that shows the folder FUSE_BACKING, in the foreground, and is as bad as its
// environment says:
//   FUSE_DELAY_MS=200          each operation takes so long
//   FUSE_REFUSE=link=EPERM,..  these operations fail; "name" stands for names with a colon in them, "unlink-temporary" for
//                              the removal of names that begin with .mini-http-
//   FUSE_STATFS=zero|huge      it tells nothing of its size, or 2^63 bytes
//   FUSE_UID=1000              all files are this user's

#define FUSE_USE_VERSION 31
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

static const char *backing, *refusals, *size_told;
static long delay_ms;
static int shown_user = -1;

static const struct {
  const char *name;
  int number;
} faults[] = {{"EPERM", EPERM},   {"EACCES", EACCES}, {"EROFS", EROFS},   {"EXDEV", EXDEV},
              {"EINVAL", EINVAL}, {"ENOSYS", ENOSYS}, {"ENOTSUP", ENOTSUP}, {"EIO", EIO},
              {"ESTALE", ESTALE}, {"EILSEQ", EILSEQ}, {"EBUSY", EBUSY},   {"ENOSPC", ENOSPC}};

// The error of an operation that is refused, negative, or 0.
static int refusal(const char *operation) {
  size_t length = strlen(operation);
  for (const char *at = refusals; at != NULL && *at != 0; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
    if (strncmp(at, operation, length) != 0 || at[length] != '=') continue;
    const char *fault = at + length + 1;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
      if (strncmp(fault, faults[i].name, strlen(faults[i].name)) == 0) return -faults[i].number;
  }
  return 0;
}

static int begin(const char *operation, const char *path) {
  if (delay_ms > 0) usleep(delay_ms * 1000);
  if (path != NULL && strchr(path, ':') != NULL && refusal("name") != 0) return refusal("name");
  return refusal(operation);
}

static const char *real(char *space, const char *path) {
  snprintf(space, PATH_MAX, "%s%s", backing, path);
  return space;
}

static int answer(int result) { return result == -1 ? -errno : result; }

#define BEGIN(operation, path)          \
  int begun = begin(operation, path);   \
  if (begun != 0) return begun;         \
  char space[PATH_MAX];                 \
  (void)space

static int do_getattr(const char *path, struct stat *stats, struct fuse_file_info *file) {
  BEGIN("getattr", NULL);
  int result = file != NULL ? fstat(file->fh, stats) : lstat(real(space, path), stats);
  if (result == 0 && shown_user >= 0) stats->st_uid = shown_user;
  return answer(result);
}

static int do_readlink(const char *path, char *target, size_t size) {
  BEGIN("readlink", NULL);
  ssize_t length = readlink(real(space, path), target, size - 1);
  if (length < 0) return -errno;
  target[length] = 0;
  return 0;
}

static int do_mkdir(const char *path, mode_t mode) {
  BEGIN("mkdir", path);
  return answer(mkdir(real(space, path), mode));
}

static int do_unlink(const char *path) {
  BEGIN("unlink", NULL);
  if (strstr(path, "/.mini-http-") != NULL && refusal("unlink-temporary") != 0) return refusal("unlink-temporary");
  return answer(unlink(real(space, path)));
}

static int do_rmdir(const char *path) {
  BEGIN("rmdir", NULL);
  return answer(rmdir(real(space, path)));
}

static int do_symlink(const char *target, const char *path) {
  BEGIN("symlink", path);
  return answer(symlink(target, real(space, path)));
}

static int do_rename(const char *from, const char *to, unsigned flags) {
  BEGIN("rename", to);
  char other[PATH_MAX];
  return answer(syscall(SYS_renameat2, AT_FDCWD, real(space, from), AT_FDCWD, real(other, to), flags));
}

static int do_link(const char *from, const char *to) {
  BEGIN("link", to);
  char other[PATH_MAX];
  return answer(link(real(space, from), real(other, to)));
}

static int do_chmod(const char *path, mode_t mode, struct fuse_file_info *file) {
  BEGIN("chmod", NULL);
  return answer(file != NULL ? fchmod(file->fh, mode) : chmod(real(space, path), mode));
}

static int do_chown(const char *path, uid_t user, gid_t group, struct fuse_file_info *file) {
  BEGIN("chown", NULL);
  return answer(file != NULL ? fchown(file->fh, user, group) : lchown(real(space, path), user, group));
}

static int do_truncate(const char *path, off_t size, struct fuse_file_info *file) {
  BEGIN("truncate", NULL);
  return answer(file != NULL ? ftruncate(file->fh, size) : truncate(real(space, path), size));
}

static int do_utimens(const char *path, const struct timespec times[2], struct fuse_file_info *file) {
  BEGIN("utimens", NULL);
  if (file != NULL) return answer(futimens(file->fh, times));
  return answer(utimensat(AT_FDCWD, real(space, path), times, AT_SYMLINK_NOFOLLOW));
}

static int do_open(const char *path, struct fuse_file_info *file) {
  BEGIN("open", NULL);
  int descriptor = open(real(space, path), file->flags & ~O_NOFOLLOW);
  if (descriptor < 0) return -errno;
  file->fh = descriptor;
  return 0;
}

static int do_create(const char *path, mode_t mode, struct fuse_file_info *file) {
  BEGIN("create", path);
  int descriptor = open(real(space, path), file->flags, mode);
  if (descriptor < 0) return -errno;
  file->fh = descriptor;
  return 0;
}

static int do_read(const char *path, char *bytes, size_t size, off_t offset, struct fuse_file_info *file) {
  BEGIN("read", NULL);
  (void)path;
  return answer(pread(file->fh, bytes, size, offset));
}

static int do_write(const char *path, const char *bytes, size_t size, off_t offset, struct fuse_file_info *file) {
  BEGIN("write", NULL);
  (void)path;
  return answer(pwrite(file->fh, bytes, size, offset));
}

static int do_getxattr(const char *path, const char *name, char *value, size_t size) {
  BEGIN("getxattr", NULL);
  return answer(lgetxattr(real(space, path), name, value, size));
}

static int do_setxattr(const char *path, const char *name, const char *value, size_t size, int flags) {
  BEGIN("setxattr", NULL);
  return answer(lsetxattr(real(space, path), name, value, size, flags));
}

static int do_statfs(const char *path, struct statvfs *told) {
  BEGIN("statfs", NULL);
  if (statvfs(real(space, path != NULL ? path : "/"), told) != 0) return -errno;
  if (size_told == NULL) return 0;
  uint64_t blocks = strcmp(size_told, "huge") == 0 ? UINT64_C(1) << 51 : 0;
  told->f_bsize = told->f_frsize = 4096;
  told->f_blocks = told->f_bfree = told->f_bavail = blocks;
  return 0;
}

static int do_release(const char *path, struct fuse_file_info *file) {
  (void)path;
  close(file->fh);
  return 0;
}

static int do_fsync(const char *path, int data_only, struct fuse_file_info *file) {
  BEGIN("fsync", NULL);
  (void)path;
  return answer(data_only ? fdatasync(file->fh) : fsync(file->fh));
}

static int do_fsyncdir(const char *path, int data_only, struct fuse_file_info *file) {
  (void)path, (void)data_only, (void)file;
  return begin("fsyncdir", NULL);
}

static int do_opendir(const char *path, struct fuse_file_info *file) {
  BEGIN("opendir", NULL);
  int descriptor = open(real(space, path), O_RDONLY | O_DIRECTORY);
  if (descriptor < 0) return -errno;
  file->fh = descriptor;
  return 0;
}

static int do_readdir(const char *path, void *list, fuse_fill_dir_t fill, off_t offset, struct fuse_file_info *file,
                      enum fuse_readdir_flags flags) {
  BEGIN("readdir", NULL);
  (void)path, (void)offset, (void)flags;
  int descriptor = openat(file->fh, ".", O_RDONLY | O_DIRECTORY);
  DIR *folder = descriptor < 0 ? NULL : fdopendir(descriptor);
  if (folder == NULL) return -errno;
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    struct stat stats = {.st_ino = entry->d_ino, .st_mode = (mode_t)entry->d_type << 12};
    if (fill(list, entry->d_name, &stats, 0, 0) != 0) break;
  }
  closedir(folder);
  return 0;
}

static void *start(struct fuse_conn_info *connection, struct fuse_config *settings) {
  (void)connection;
  settings->use_ino = 1;
  // An open file may have lost its name.
  settings->nullpath_ok = 1;
  // Nothing is remembered: each step of the server is an operation here.
  settings->entry_timeout = settings->attr_timeout = settings->negative_timeout = 0;
  return NULL;
}

static const struct fuse_operations operations = {
    .init = start,         .getattr = do_getattr, .readlink = do_readlink, .mkdir = do_mkdir,       .unlink = do_unlink,
    .rmdir = do_rmdir,     .symlink = do_symlink, .rename = do_rename,     .link = do_link,         .chmod = do_chmod,
    .chown = do_chown,     .truncate = do_truncate, .utimens = do_utimens, .open = do_open,         .create = do_create,
    .read = do_read,       .write = do_write,     .statfs = do_statfs,     .release = do_release,   .fsync = do_fsync,
    .readdir = do_readdir, .fsyncdir = do_fsyncdir, .opendir = do_opendir, .releasedir = do_release,
    .getxattr = do_getxattr, .setxattr = do_setxattr,
};

int main(int argc, char **argv) {
  backing = getenv("FUSE_BACKING");
  refusals = getenv("FUSE_REFUSE");
  size_told = getenv("FUSE_STATFS");
  if (getenv("FUSE_DELAY_MS") != NULL) delay_ms = atol(getenv("FUSE_DELAY_MS"));
  if (getenv("FUSE_UID") != NULL) shown_user = atoi(getenv("FUSE_UID"));
  if (argc < 2 || backing == NULL) return 2;
  umask(0);
  char *arguments[] = {argv[0], argv[1], "-f", "-o", "fsname=mini-http-test", NULL};
  return fuse_main(5, arguments, &operations, NULL);
}
