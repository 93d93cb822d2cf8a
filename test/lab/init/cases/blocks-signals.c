/* An init that waits for signals with sigwait, and forgets that its child inherits what it has blocked. */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
  sigset_t all;
  int signal_number, status;
  pid_t child, pid;
  if (argc < 2) return 2;
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  if ((child = fork()) == 0) return execvp(argv[1], argv + 1);
  for (;;) {
    sigwait(&all, &signal_number);
    if (signal_number != SIGCHLD) kill(child, signal_number);
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
      if (pid == child) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
}
