/* The real kernel: cycles a second of making a child, its end, and the parent's wait for it. Prints the median of batches.
 * Argument: fork, vfork, or spawn (posix_spawn of /bin/true, which is a program to load as well). */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BATCHES = 9, WARM_UP = 1 };

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void cycle(char how) {
    pid_t child = 0;
    if (how == 'f') child = fork();
    else if (how == 'v') child = vfork();
    else if (posix_spawn(&child, "/bin/true", NULL, NULL, (char *[]){"true", NULL}, NULL) != 0) child = -1;
    if (child == 0) _exit(0);
    if (child < 0 || waitpid(child, NULL, 0) != child) {
        perror("real_fork");
        exit(1);
    }
}

static int ascending(const void *a, const void *b) {
    const double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

int main(int argc, char **argv) {
    if (argc != 2 || strchr("fvs", argv[1][0]) == NULL) return 2;
    const int cycles = argv[1][0] == 's' ? 100 : 1000;
    double seconds[BATCHES];
    for (int batch = -WARM_UP; batch < BATCHES; batch++) {
        const double start = now();
        for (int i = 0; i < cycles; i++) cycle(argv[1][0]);
        if (batch >= 0) seconds[batch] = now() - start;
    }
    qsort(seconds, BATCHES, sizeof *seconds, ascending);
    printf("%.0f\n", cycles / seconds[BATCHES / 2]);
    return 0;
}
