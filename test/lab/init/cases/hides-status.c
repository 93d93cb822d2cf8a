/* Reaps and passes every signal on to its child, and ends with status 1 whenever that did not end with 0. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t child;

static void pass_on(int signal_number) { kill(child, signal_number); }

int main(int argc, char **argv) {
  int status, code = 0;
  pid_t pid;
  if (argc < 2) return 2;
  if ((child = fork()) == 0) return execvp(argv[1], argv + 1);
  for (int n = 1; n < NSIG; n++)
    if (n != SIGCHLD) signal(n, pass_on);
  while ((pid = wait(&status)) > 0)
    if (pid == child) return status != 0;
  return code;
}
