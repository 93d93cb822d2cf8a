/*
 * PID 1 of a namespace that fills: as many times a second as its argument says, a child opens a session, leaves an
 * orphan and is waited for. The orphan becomes a zombie here and pins the PID of its session. When a fork is refused
 * it says `full` and the seconds since boot, and ends, and the namespace with it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
  long every_ns = 1000000000L / (argc > 1 ? atol(argv[1]) : 20);
  struct timespec due;
  clock_gettime(CLOCK_MONOTONIC, &due);
  for (;;) {
    pid_t child = fork();
    if (child < 0) break;
    if (child == 0) {
      setsid();
      pid_t orphan = fork();
      if (orphan == 0) _exit(0);
      _exit(orphan < 0);
    }
    int status;
    waitpid(child, &status, 0);
    if (status != 0) break;
    due.tv_nsec += every_ns;
    if (due.tv_nsec >= 1000000000L) due.tv_nsec -= 1000000000L, due.tv_sec++;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
  }
  clock_gettime(CLOCK_BOOTTIME, &due);
  printf("full %ld.%09ld\n", (long)due.tv_sec, due.tv_nsec);
  return 0;
}
