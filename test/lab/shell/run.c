/*
 * Runs a shell for real and says what it leaves: a PID namespace of its own, whose PID 1 never waits for anybody; the shell
 * enters from outside as the leader of a session, as an exec does, and its parent outside reaps it.
 *
 *     run KILL_AFTER_MS BOUND_MS COMMAND…     (KILL_AFTER_MS 0: to its end)
 *
 * With PIDSIM_CGROUP the shell first moves into that pids cgroup, whose limit refuses what it forks.
 *
 * Prints `status zombies pinned`: the exit status, -1 if it was killed; the zombies once nothing runs any more; the PIDs
 * that they pin, by their process groups and sessions. Called as `quick`, `slow` and so on it is that command.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TASKS_MAX 256

static void fail(const char *what) {
  perror(what);
  exit(70);
}

static long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000L + now.tv_nsec / 1000000L;
}

static void sleep_ms(long ms) {
  struct timespec rest = {ms / 1000, ms % 1000 * 1000000L};
  while (nanosleep(&rest, &rest) != 0) {
  }
}

/* The stand-ins for commands: how long, and how they end. PIDSIM_UNIT_MS is what `slow` is two of. */
static int stub(const char *name) {
  const char *unit_text = getenv("PIDSIM_UNIT_MS");
  long unit = unit_text == NULL ? 1000 : atol(unit_text);
  if (strcmp(name, "quick") == 0) sleep_ms(unit / 50);
  else if (strcmp(name, "bad") == 0) sleep_ms(unit / 20);
  else if (strcmp(name, "long") == 0) sleep_ms(3 * unit);
  else if (strcmp(name, "spawn") == 0) {
    sleep_ms(fork() == 0 ? unit * 4 / 10 : unit / 10);
  } else sleep_ms(2 * unit); /* slow, slowbad */
  return strstr(name, "bad") == NULL ? 0 : 1;
}

struct task { int pid, group, session; char state; };

/* State, process group and session of a process, as they are seen from here. */
static int read_task(int pid, struct task *task) {
  char path[64], text[512];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t length = read(fd, text, sizeof text - 1);
  close(fd);
  if (length <= 0) return -1;
  text[length] = 0;
  char *end = strrchr(text, ')');
  task->pid = pid;
  return end != NULL && sscanf(end + 2, "%c %*d %d %d", &task->state, &task->group, &task->session) == 3 ? 0 : -1;
}

/* The processes of the namespace of `init`, without itself. */
static int members(int init, struct task *tasks) {
  char own[64], other[64], path[300];
  snprintf(path, sizeof path, "/proc/%d/ns/pid", init);
  ssize_t length = readlink(path, own, sizeof own - 1);
  if (length < 0) fail(path);
  own[length] = 0;
  int count = 0;
  DIR *proc = opendir("/proc");
  if (proc == NULL) fail("/proc");
  for (struct dirent *entry; (entry = readdir(proc)) != NULL && count < TASKS_MAX;) {
    int pid = atoi(entry->d_name);
    if (pid <= 0 || pid == init) continue;
    snprintf(path, sizeof path, "/proc/%d/ns/pid", pid);
    length = readlink(path, other, sizeof other - 1);
    if (length > 0) {
      other[length] = 0;
      if (strcmp(own, other) != 0) continue;
    } else {
      /* A zombie has no namespaces to look at: it is one of ours if it has a parent among us. */
      continue;
    }
    if (read_task(pid, &tasks[count]) == 0) count++;
  }
  closedir(proc);
  return count;
}

/* Children of `init`: all that is left at rest. */
static int children(int init, struct task *tasks) {
  char path[64], text[8192];
  snprintf(path, sizeof path, "/proc/%d/task/%d/children", init, init);
  int fd = open(path, O_RDONLY | O_CLOEXEC), count = 0;
  if (fd < 0) fail(path);
  ssize_t length = 0, n;
  while ((n = read(fd, text + length, sizeof text - 1 - length)) > 0) length += n;
  close(fd);
  text[length] = 0;
  for (char *at = text, *next; count < TASKS_MAX; at = next) {
    int pid = strtol(at, &next, 10);
    if (next == at) break;
    if (read_task(pid, &tasks[count]) == 0) count++;
  }
  return count;
}

static int is_live(char state) { return state != 'Z' && state != 'X'; }

/* Nothing runs any more: all are zombies, and children of PID 1. */
static int rests(int init, struct task *tasks, int *count) {
  struct task others[TASKS_MAX];
  for (int i = members(init, others) - 1; i >= 0; i--)
    if (is_live(others[i].state)) return 0;
  *count = children(init, tasks);
  for (int i = 0; i < *count; i++)
    if (is_live(tasks[i].state)) return 0;
  return 1;
}

static int is_in(int number, const int *list, int length) {
  for (int i = 0; i < length; i++)
    if (list[i] == number) return 1;
  return 0;
}

static int count_pinned(int init, const struct task *tasks, int count) {
  int here[TASKS_MAX + 1], pinned[2 * TASKS_MAX], found = 0;
  for (int i = 0; i < count; i++) here[i] = tasks[i].pid;
  here[count] = init;
  for (int i = 0; i < count; i++) {
    const int numbers[2] = {tasks[i].group, tasks[i].session};
    for (int j = 0; j < 2; j++)
      if (!is_in(numbers[j], here, count + 1) && !is_in(numbers[j], pinned, found)) pinned[found++] = numbers[j];
  }
  return found;
}

static pid_t make_init(void) {
  if (unshare(CLONE_NEWPID) != 0) fail("unshare");
  pid_t init = fork();
  if (init < 0) fail("fork");
  if (init == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setsid();
    for (;;) pause();
  }
  return init;
}

static void join_cgroup(const char *procs) {
  int fd = open(procs, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, "0", 1) != 1) fail(procs);
  close(fd);
}

static pid_t enter(char **command) {
  pid_t shell = fork(); /* what this process forks is in the namespace that it has made */
  if (shell < 0) fail("fork");
  if (shell == 0) {
    setsid();
    const char *cgroup = getenv("PIDSIM_CGROUP");
    if (cgroup != NULL) join_cgroup(cgroup);
    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; fd++) dup2(null, fd);
    if (null > 2) close(null);
    execvp(command[0], command);
    _exit(126);
  }
  return shell;
}

/* The status of the shell, or -1 if it had to be killed. */
static int end_of(pid_t shell, long kill_after_ms, long bound_ms) {
  long end = now_ms() + (kill_after_ms > 0 ? kill_after_ms : bound_ms);
  int status;
  while (waitpid(shell, &status, WNOHANG) == 0) {
    if (now_ms() >= end) {
      kill(shell, SIGKILL);
      waitpid(shell, &status, 0);
      return -1;
    }
    sleep_ms(3);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int count, char **words) {
  const char *name = strrchr(words[0], '/');
  name = name == NULL ? words[0] : name + 1;
  if (strcmp(name, "run") != 0) return stub(name);
  if (count < 4) return 2;
  long bound = atol(words[2]);
  pid_t init = make_init();
  int status = end_of(enter(words + 3), atol(words[1]), bound);
  struct task tasks[TASKS_MAX];
  int left = 0;
  long end = now_ms() + bound;
  while (!rests(init, tasks, &left)) {
    if (now_ms() >= end) {
      printf("restless\n");
      break;
    }
    sleep_ms(15);
  }
  if (now_ms() < end) printf("%d %d %d\n", status, left, count_pinned(init, tasks, left));
  kill(init, SIGKILL); /* and with it everything in its namespace */
  waitpid(init, NULL, 0);
  return 0;
}
