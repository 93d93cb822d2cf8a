/* The program of kubernetes issue 50865: its child starts another one and exits, and the orphan ends a little later. */
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
  pid_t child = fork();
  if (child < 0) return 1;
  if (child > 0) return waitpid(child, NULL, 0) == child ? 0 : 1;
  if (fork() == 0) usleep(50 * 1000);
  _exit(0);
}
