/* LD_PRELOAD: writes down, in order, what a process does to files whose name contains DISK_LOG_OF, and its standard output.
   One record: kind (W write, S sync, T truncate, U unlink, A answer on standard output), name, offset, length, octets. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int log_fd = -1;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static ssize_t (*real_write)(int, const void *, size_t);

__attribute__((constructor)) static void begin(void) {
    real_write = dlsym(RTLD_NEXT, "write");
    if (getenv("DISK_LOG")) log_fd = open(getenv("DISK_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int watched(int fd, char *name, size_t room) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, name, room - 1);
    if (length < 0) return 0;
    name[length] = 0;
    return strstr(name, getenv("DISK_LOG_OF")) != NULL && strstr(name, "-shm") == NULL;
}

static void record(char kind, const char *name, int64_t offset, const void *octets, uint32_t length) {
    const char *base = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
    uint16_t name_length = strlen(base);
    pthread_mutex_lock(&turn);
    real_write(log_fd, &kind, 1);
    real_write(log_fd, &name_length, sizeof name_length);
    real_write(log_fd, base, name_length);
    real_write(log_fd, &offset, sizeof offset);
    real_write(log_fd, &length, sizeof length);
    if (length) real_write(log_fd, octets, length);
    pthread_mutex_unlock(&turn);
}

/* The record is made before a write and after a sync: what may have happened, and what surely has. */
#define PWRITE(symbol, offset_type)                                                                \
    ssize_t symbol(int fd, const void *octets, size_t length, offset_type offset) {                \
        static ssize_t (*real)(int, const void *, size_t, offset_type);                            \
        char name[4096];                                                                           \
        if (!real) real = dlsym(RTLD_NEXT, #symbol);                                               \
        if (log_fd >= 0 && watched(fd, name, sizeof name)) record('W', name, offset, octets, length); \
        return real(fd, octets, length, offset);                                                   \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define SYNC(symbol)                                                                               \
    int symbol(int fd) {                                                                           \
        static int (*real)(int);                                                                   \
        char name[4096];                                                                           \
        if (!real) real = dlsym(RTLD_NEXT, #symbol);                                               \
        int result = real(fd);                                                                     \
        if (log_fd >= 0 && watched(fd, name, sizeof name)) record('S', name, 0, "", 0);            \
        return result;                                                                             \
    }
SYNC(fsync)
SYNC(fdatasync)

#define TRUNCATE(symbol, offset_type)                                                              \
    int symbol(int fd, offset_type size) {                                                         \
        static int (*real)(int, offset_type);                                                      \
        char name[4096];                                                                           \
        if (!real) real = dlsym(RTLD_NEXT, #symbol);                                               \
        if (log_fd >= 0 && watched(fd, name, sizeof name)) record('T', name, size, "", 0);         \
        return real(fd, size);                                                                     \
    }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

int unlink(const char *name) {
    static int (*real)(const char *);
    if (!real) real = dlsym(RTLD_NEXT, "unlink");
    if (log_fd >= 0 && strstr(name, getenv("DISK_LOG_OF")) && !strstr(name, "-shm")) record('U', name, 0, "", 0);
    return real(name);
}

ssize_t write(int fd, const void *octets, size_t length) {
    if (fd == 1 && log_fd >= 0) record('A', "stdout", 0, octets, length);
    return real_write(fd, octets, length);
}
