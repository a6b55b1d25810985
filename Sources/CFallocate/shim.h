#include <sys/types.h>

// fallocate(2), which <fcntl.h> declares for _GNU_SOURCE alone, and its FALLOC_FL_KEEP_SIZE.
int fallocate(int descriptor, int mode, off_t offset, off_t length);
enum { SLUICE_FALLOCATE_KEEP_SIZE = 0x01 };
