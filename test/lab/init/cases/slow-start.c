#include <signal.h>
#include <time.h>
#include <unistd.h>
/* Computes for a second before it sees to its children, as a large program does that is still being loaded. */
int main(void) {
  struct timespec begun, now;
  clock_gettime(CLOCK_MONOTONIC, &begun);
  do clock_gettime(CLOCK_MONOTONIC, &now);
  while (now.tv_sec - begun.tv_sec + (now.tv_nsec - begun.tv_nsec) / 1e9 < 1);
  signal(SIGCHLD, SIG_IGN);
  for (;;) pause();
}
