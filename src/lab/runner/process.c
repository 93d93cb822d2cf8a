/*
 * A process that runs a compiled program: every step is the system call that it stands for.
 *
 * The state of the interpreter is global, not on a stack, because after `exit-main-thread` another thread goes on
 * with it.
 */
#include "code.h"
#include "world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A KILL has the number of its signal as the model has it. */
_Static_assert(SIGKILL == 9 && SIGTERM == 15 && SIGCHLD == 17, "signals have other numbers on this machine");

struct extra {
  pthread_t thread;
  _Atomic int tid;
  _Atomic int order; /* futex: 0 stay, else one of ORDER_ */
};
enum { ORDER_STAY, ORDER_END, ORDER_TAKE_OVER };

static struct {
  int program, pc, space;
  int numbers[DEPTH_MAX], depth; /* of the process: outside first, its own namespace's last */
  pid_t labels[LABELS_MAX];
  int label_status[LABELS_MAX]; /* of a labelled child that a handler has reaped; -1: none has */
  int loops[LOOPS_MAX];
  struct extra *extras;
  int extra_count;      /* threads beside the main one, the interpreting one included once the main one has ended */
  struct extra *leader; /* the extra thread that interprets, NULL while the main thread does */
  int waited; /* status of the child that was waited for last, or as OP_SET_STATUS has it */
  uint64_t luck;
} self;

static void interpret(void) __attribute__((noreturn));

/* ---- small tools ---- */

void die(const char *what) {
  int error = errno, expected = 0;
  if (atomic_compare_exchange_strong(&world->fault, &expected, 1))
    snprintf(world->fault_text, sizeof world->fault_text, "%.150s: %s", what, strerror(error));
  _exit(70);
}

int futex_wait(_Atomic int *word, int value) {
  return syscall(SYS_futex, word, FUTEX_WAIT, value, NULL, NULL, 0);
}

int futex_wake(_Atomic int *word) {
  return syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

int write_file(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t done = write(fd, text, strlen(text));
  int error = errno;
  close(fd);
  errno = error;
  return done < 0 ? -1 : 0;
}

int read_file(const char *path, char *buffer, int size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  int length = 0, n;
  while (length < size - 1 && (n = read(fd, buffer + length, size - 1 - length)) > 0) length += n;
  close(fd);
  buffer[length] = 0;
  return length;
}

/* A line of /proc/…/status such as `NSpid: 12 3`: the number in each namespace, outermost first. Returns how many. */
int read_numbers(const char *path, const char *key, int numbers[DEPTH_MAX]) {
  char buffer[4096];
  if (read_file(path, buffer, sizeof buffer) <= 0) return 0;
  char *line = strstr(buffer, key);
  if (line == NULL) return 0;
  line += strlen(key);
  int depth = 0;
  while (depth < DEPTH_MAX && *line != '\n' && *line != 0) {
    numbers[depth++] = strtol(line, &line, 10);
    while (*line == ' ' || *line == '\t') line++;
  }
  return depth;
}

void set_priority(int priority) {
  if (!world->real_time) return;
  struct sched_param parameter = {.sched_priority = priority};
  if (sched_setscheduler(0, SCHED_RR, &parameter) != 0) die("sched_setscheduler");
}

/*
 * A new session is a new group for the scheduler (`sched_autogroup_create_attach`), and who changes groups goes to the end
 * of the queue for its priority: here it has that to itself.
 */
void start_session(void) {
  set_priority(PRIORITY_WAKING);
  setsid();
  set_priority(PRIORITY_PROCESS);
}

void note_refusal(int refuser, int error) {
  int kind = error == EAGAIN ? ERRNO_EAGAIN : error == ENOMEM ? ERRNO_ENOMEM : ERRNO_OTHER;
  world->refusals[refuser][kind]++;
}

void note_number(int slot, int number) {
  int seen = world->largest[slot];
  while (seen < number && !atomic_compare_exchange_weak(&world->largest[slot], &seen, number)) {
  }
}

/* A nested process holds a number inside as well. */
static void note_numbers(const int *numbers, int depth, int space) {
  note_number(SPACES_MAX, numbers[0]);
  if (depth > 1) note_number(0, numbers[1]);
  if (depth > 2) note_number(space, numbers[2]);
}

/* An ordinary user's processes keep what they need for priorities, and to remount; that only meanwhile, as it lifts the limit. */
static void use_capabilities(int on) {
  if (geteuid() == 0) return;
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2] = {{.permitted = 1u << CAP_SYS_ADMIN | 1u << CAP_SYS_NICE}, {0}};
  data[0].effective = on ? data[0].permitted : 1u << CAP_SYS_NICE;
  if (syscall(SYS_capset, &header, data) != 0) die("capset");
}

/* RLIMIT_NPROC binds no root. */
static void become_user(void) {
  const struct rlimit processes = {(rlim_t)world->nproc_max, (rlim_t)world->nproc_max};
  if (setrlimit(RLIMIT_NPROC, &processes) != 0) die("setrlimit");
  if (prctl(PR_SET_KEEPCAPS, 1) != 0 || syscall(SYS_setresuid, world->uid, world->uid, world->uid) != 0) die("setresuid");
  use_capabilities(0);
}

/*
 * Whoever has been looked up in /proc has an entry in the kernel's cache of names. A process or thread that nobody
 * waits for takes that away before it frees its number, and lets all others run in between: in `release_task`,
 * proc_flush_pid comes before free_pids and reschedules, and `sched_autogroup_exit_task` has put the dying task at the
 * end of the queue. So to have been looked at would make numbers last longer. A remount drops all these entries.
 */
void forget_looks(void) {
  if (!world->real_time) return;
  use_capabilities(1);
  if (mount("proc", "/proc", NULL, MS_REMOUNT | PROC_MOUNT_FLAGS, NULL) != 0) die("remount of /proc");
  use_capabilities(0);
}

void be_born(int space) {
  self.space = space;
  self.depth = read_numbers("/proc/self/status", "NSpid:", self.numbers);
  if (self.depth == 0) die("/proc/self/status");
  forget_looks();
  note_numbers(self.numbers, self.depth, space);
  for (int i = 0; i < world->sleepers_used; i++) { /* left behind by a killed process that had this number */
    int owner = self.numbers[0];
    if (world->sleepers[i].owner == owner) atomic_compare_exchange_strong(&world->sleepers[i].owner, &owner, 0);
  }
}

void join_pod(void) {
  char path[600];
  snprintf(path, sizeof path, "%s/pod/cgroup.procs", world->cgroup);
  if (write_file(path, "0") != 0) die(path);
  if (world->nproc_max >= 0) become_user();
}

/* By chance, for jitter. */
static unsigned draw(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (unsigned)now.tv_nsec * 2654435761u + (unsigned)self.numbers[0] * 40503u;
}

/* Makes this process slower by chance, so that every order in which the kernel may run things comes up. */
static void jitter(void) {
  if (!world->jitter) return;
  unsigned luck = draw();
  if (luck >> 31) sched_yield();
  for (volatile unsigned spins = (luck >> 8) % 200000; spins > 0; spins--) {
  }
}

/* The same for its death: a process takes the longer to exit the more memory it has. And on a CPU of its own choice. */
static void jitter_life(void) {
  if (!world->jitter || self.numbers[0] > 300) return;
  unsigned luck = draw();
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET((luck >> 16 & 1) % sysconf(_SC_NPROCESSORS_ONLN), &set);
  sched_setaffinity(0, sizeof set, &set);
  if (luck >> 17 & 1)
    mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
}

/* ---- blocking ---- */

/* The first one that is free: few are ever in use, and who looks at all of them has few to look at. */
static struct sleeper *free_sleeper(void) {
  for (int i = 0; i < SLEEPERS_MAX; i++) {
    int expected = 0;
    if (world->sleepers[i].owner != 0 || !atomic_compare_exchange_strong(&world->sleepers[i].owner, &expected, -1))
      continue;
    int used = world->sleepers_used;
    while (used <= i && !atomic_compare_exchange_weak(&world->sleepers_used, &used, i + 1)) {
    }
    return &world->sleepers[i];
  }
  die("too many sleepers");
}

static void sleep_us(int64_t us) {
  struct sleeper *slot = free_sleeper();
  slot->woken = 0;
  slot->deadline_us = world->now_us + us;
  slot->sequence = world->sequence++;
  slot->owner = self.numbers[0];
  while (slot->woken == 0) futex_wait(&slot->woken, 0);
  slot->owner = 0;
  jitter();
}

/* As a shell has it in $?. */
static int shell_status(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void note_status(int status) { self.waited = shell_status(status); }

static bool wait_one(pid_t child) {
  int status;
  pid_t reaped;
  while ((reaped = waitpid(child, &status, 0)) < 0 && errno == EINTR) {
  }
  if (reaped > 0) note_status(status);
  return reaped > 0;
}

static void wait_label(int slot) {
  if (self.labels[slot] <= 0) return;
  if (wait_one(self.labels[slot])) self.label_status[slot] = self.waited;
  else if (self.label_status[slot] >= 0) self.waited = self.label_status[slot];
}

static void wait_all(void) {
  int status;
  for (;;) {
    if (waitpid(-1, &status, 0) > 0) note_status(status);
    else if (errno == ECHILD) return;
  }
}

/* ---- signals ---- */

/* As a shell does, it notes the status of a child with a label, for a later wait. False: there was none. */
static bool reap(void) {
  int status;
  pid_t child = waitpid(-1, &status, WNOHANG);
  for (int slot = 0; child > 0 && slot < LABELS_MAX; slot++)
    if (self.labels[slot] == child && self.label_status[slot] < 0) self.label_status[slot] = shell_status(status);
  return child > 0;
}

static void reap_all(int signal) {
  (void)signal;
  int error = errno;
  jitter();
  while (reap()) {
  }
  world->activity++;
  errno = error;
}

static void reap_one(int signal) {
  (void)signal;
  int error = errno;
  jitter();
  reap();
  world->activity++;
  errno = error;
}

static void exit_quietly(int signal) {
  (void)signal;
  _exit(0);
}

static void set_sigchld(int disposition) {
  struct sigaction action = {.sa_flags = SA_RESTART | SA_NOCLDSTOP};
  switch (disposition) {
    case SIGCHLD_IGNORE: action.sa_handler = SIG_IGN; break;
    case SIGCHLD_REAP_ALL: action.sa_handler = reap_all; break;
    case SIGCHLD_REAP_ONE: action.sa_handler = reap_one; break;
    case SIGCHLD_NOCLDWAIT: action.sa_flags |= SA_NOCLDWAIT; /* fall through */
    default: action.sa_handler = SIG_DFL;
  }
  if (sigaction(SIGCHLD, &action, NULL) != 0) die("sigaction");
}

static void set_sigterm(int disposition) {
  struct sigaction action = {.sa_flags = SA_RESTART};
  action.sa_handler = disposition == SIGTERM_IGNORE ? SIG_IGN : disposition == SIGTERM_EXIT ? exit_quietly : SIG_DFL;
  if (sigaction(SIGTERM, &action, NULL) != 0) die("sigaction");
}

static int by_number(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

/* In the order of their own numbers; zombies included, as kill() itself would have it. How many there were. */
static int kill_children(int signal) {
  int count = 0;
  int *found = NULL;
  DIR *proc = opendir("/proc");
  if (proc == NULL) die("/proc");
  for (struct dirent *entry; (entry = readdir(proc)) != NULL;) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    char path[300];
    int parent[DEPTH_MAX], numbers[DEPTH_MAX];
    snprintf(path, sizeof path, "/proc/%s/status", entry->d_name);
    if (read_numbers(path, "\nPPid:", parent) < 1 || parent[0] != self.numbers[0]) continue;
    if (read_numbers(path, "NSpid:", numbers) < self.depth) continue;
    if ((found = realloc(found, (count + 1) * sizeof *found)) == NULL) die("realloc");
    found[count++] = numbers[self.depth - 1];
  }
  closedir(proc);
  if (count > 0) qsort(found, count, sizeof *found, by_number);
  for (int i = 0; i < count; i++) kill(found[i], signal);
  free(found);
  forget_looks();
  return count;
}

/* The KILL at `at`. False: there was nobody to send it to. */
static bool send_signal(const int *at) {
  const int signal = at[KILL_SIGNAL];
  pid_t number;
  switch (at[KILL_TARGET]) {
    case TARGET_CHILDREN: return kill_children(signal) > 0;
    case TARGET_GROUP: return kill(0, signal) == 0;
    case TARGET_SELF: return kill(getpid(), signal) == 0;
    case TARGET_PARENT: number = getppid(); break; /* 0: the parent is outside, and has no number here */
    default: number = self.labels[at[KILL_SLOT]];
  }
  return number > 0 && kill(number, signal) == 0;
}

/* ---- threads ---- */

static void block_signals(int how) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(how, &set, NULL);
}

static void await_dead_leader(void) {
  char path[64], buffer[512];
  snprintf(path, sizeof path, "/proc/self/task/%d/stat", self.numbers[0]);
  for (;;) {
    if (read_file(path, buffer, sizeof buffer) <= 0) break;
    char *end = strrchr(buffer, ')');
    if (end != NULL && (end[2] == 'Z' || end[2] == 'X')) break;
    sched_yield();
  }
  forget_looks();
}

static void *extra_thread(void *argument) {
  struct extra *extra = argument;
  int numbers[DEPTH_MAX];
  int depth = read_numbers("/proc/thread-self/status", "NSpid:", numbers);
  forget_looks();
  note_numbers(numbers, depth, self.space);
  extra->tid = gettid();
  while (extra->order == ORDER_STAY) futex_wait(&extra->order, ORDER_STAY);
  if (extra->order == ORDER_END) return NULL;
  await_dead_leader();
  block_signals(SIG_UNBLOCK);
  interpret();
}

static int start_thread(struct extra *extra) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 128 * 1024);
  extra->tid = 0;
  extra->order = ORDER_STAY;
  /* Extra threads leave the signals to the interpreting one: SIGCHLD has one handler at a time. */
  block_signals(SIG_BLOCK);
  int error = pthread_create(&extra->thread, &attributes, extra_thread, extra);
  block_signals(SIG_UNBLOCK);
  pthread_attr_destroy(&attributes);
  return error;
}

/* The thread's number is free when the kernel no longer knows it, a little after it has left its function. */
static void end_thread(struct extra *extra) {
  while (extra->tid == 0) sched_yield(); /* not yet run */
  pid_t tid = extra->tid;
  extra->order = ORDER_END;
  futex_wake(&extra->order);
  pthread_join(extra->thread, NULL);
  while (syscall(SYS_tgkill, getpid(), tid, 0) == 0) sched_yield();
}

/* Returns 0, or the errno of the refused thread. */
static int set_threads(int count) {
  if (self.extras == NULL && (self.extras = calloc(THREADS_MAX, sizeof *self.extras)) == NULL) die("calloc");
  if (count > THREADS_MAX) die("too many threads");
  if (count == 0 && self.leader != NULL) _exit(0);
  while (self.extra_count > count) {
    struct extra *last = &self.extras[self.extra_count - 1];
    if (last == self.leader) { /* it stays; the one before it goes instead */
      struct extra *other = last - 1;
      end_thread(other);
      other->thread = last->thread;
      other->tid = last->tid;
      self.leader = other;
    } else {
      end_thread(last);
    }
    self.extra_count--;
  }
  while (self.extra_count < count) {
    int error = start_thread(&self.extras[self.extra_count]);
    if (error != 0) return error;
    self.extra_count++;
  }
  return 0;
}

static void exit_main_thread(void) {
  if (self.leader == NULL && self.extra_count > 0) {
    self.leader = &self.extras[0];
    self.leader->order = ORDER_TAKE_OVER;
    futex_wake(&self.leader->order);
    syscall(SYS_exit, 0);
  }
  if (self.leader == NULL) syscall(SYS_exit, 0);
}

/* ---- images ---- */

static void forget_image(void) {
  memset(self.labels, 0, sizeof self.labels);
  memset(self.loops, 0, sizeof self.loops);
}

static void set_comm(int text) {
  if (text >= 0) prctl(PR_SET_NAME, world->text + text);
}

/* The parent lends its child the name before the fork: so even one that is killed at birth has it. */
static pid_t fork_child(const int *at) {
  const struct program *program = &world->programs[self.program];
  char own_name[16];
  prctl(PR_GET_NAME, own_name);
  if (at[FORK_COMM] >= 0) set_comm(world->words[program->comms + at[FORK_COMM]]);
  pid_t child = fork();
  if (child != 0) {
    int error = errno;
    prctl(PR_SET_NAME, own_name);
    errno = error;
    return child;
  }
  self.extras = NULL; /* a child has the forking thread only */
  self.extra_count = 0;
  self.leader = NULL;
  forget_image();
  be_born(self.space);
  jitter_life();
  jitter();
  self.pc = at[FORK_BODY];
  return 0;
}

static void exec_image(const int *at) {
  char program[16], pc[16], comm[16], space[16];
  const struct program *current = &world->programs[self.program];
  snprintf(program, sizeof program, "%d", self.program);
  snprintf(pc, sizeof pc, "%d", at[EXEC_BODY]);
  snprintf(comm, sizeof comm, "%d", at[EXEC_COMM] < 0 ? -1 : world->words[current->comms + at[EXEC_COMM]]);
  snprintf(space, sizeof space, "%d", self.space);
  char *arguments[] = {"pidsim-litmus", "resume", program, pc, comm, space, NULL};
  char *environment[] = {NULL};
  execve("/proc/thread-self/exe", arguments, environment);
  die("execve");
}

static void run_command(const struct program *program) {
  char *arguments[64];
  for (int i = 0; i < program->command_count; i++)
    arguments[i] = world->text + world->words[program->command + i];
  arguments[program->command_count] = NULL;
  fcntl(WORLD_FD, F_SETFD, FD_CLOEXEC);
  execvp(arguments[0], arguments);
  die(arguments[0]);
}

void run_program(int number) {
  const struct program *program = &world->programs[number];
  set_comm(program->comm);
  if (program->command_count > 0) run_command(program);
  self.program = number;
  self.pc = 0;
  self.luck = 88172645463325252ull ^ self.numbers[0];
  interpret();
}

void resume_image(int program, int pc, int space) {
  be_born(space);
  self.program = program;
  self.pc = pc;
  self.luck = 88172645463325252ull ^ self.numbers[0];
  interpret();
}

/* ---- the interpreter ---- */

/* A coin of its own: the model's luck is another one, so a litmus tosses only certain coins (p 0 or 1). */
static int coin(int millionths) {
  self.luck ^= self.luck << 13;
  self.luck ^= self.luck >> 7;
  self.luck ^= self.luck << 17;
  return (int)(self.luck % 1000000) < millionths;
}

static int64_t duration_us(const struct program *program, int index) {
  const int *words = &world->words[program->durations + 2 * index];
  return (int64_t)(uint32_t)words[0] | (int64_t)words[1] << 32;
}

static void interpret(void) {
  for (;;) {
    const struct program *program = &world->programs[self.program];
    const int *code = &world->words[program->code];
    const int *at = &code[self.pc];
    const int opcode = at[0];
    if (opcode < 0 || opcode >= OP_COUNT) die("unknown opcode");
    self.pc += instruction_length[opcode];
    world->activity++;
    switch (opcode) {
      case OP_EXIT: _exit(at[EXIT_STATUS]);
      case OP_SLEEP: sleep_us(duration_us(program, at[SLEEP_DURATION])); break;
      case OP_PAUSE: for (;;) pause();
      case OP_WAIT_ANY: wait_one(-1); break;
      case OP_WAIT_ALL: wait_all(); break;
      case OP_WAIT_LABEL: wait_label(at[WAIT_LABEL_SLOT]); break;
      case OP_REAP: while (reap()) {} break;
      case OP_FORK: {
        pid_t child = fork_child(at);
        if (child == 0) break;
        if (child < 0) note_refusal(BY_FORK, errno);
        if (at[FORK_SLOT] >= 0) {
          self.label_status[at[FORK_SLOT]] = -1;
          self.labels[at[FORK_SLOT]] = child < 0 ? 0 : child;
        }
        self.pc = at[child < 0 ? FORK_REFUSED : FORK_NEXT];
        break;
      }
      case OP_EXEC: exec_image(at); break;
      case OP_THREADS: {
        int error = set_threads(at[THREADS_COUNT]);
        if (error != 0) note_refusal(BY_THREAD, error);
        self.pc = at[error != 0 ? THREADS_REFUSED : THREADS_NEXT];
        break;
      }
      case OP_SIGCHLD: set_sigchld(at[SIGCHLD_DISPOSITION]); break;
      case OP_ON_TERM: set_sigterm(at[ON_TERM_DISPOSITION]); break;
      case OP_SETSID: start_session(); break;
      case OP_SETPGID: setpgid(0, 0); break;
      case OP_SUBREAPER: prctl(PR_SET_CHILD_SUBREAPER, at[SUBREAPER_ON], 0, 0, 0); break;
      case OP_KILL: send_signal(at); break;
      case OP_REPEAT:
        self.loops[at[REPEAT_SLOT]] = at[REPEAT_TIMES];
        if (at[REPEAT_TIMES] <= 0) self.pc = at[REPEAT_NEXT];
        break;
      case OP_AGAIN: if (--self.loops[at[AGAIN_SLOT]] > 0) self.pc = at[AGAIN_BODY]; break;
      case OP_FOREVER: break;
      case OP_JUMP: self.pc = at[JUMP_TO]; break;
      case OP_CHANCE:
        if (!coin(world->words[program->probabilities + at[CHANCE_PROBABILITY]])) self.pc = at[CHANCE_OTHERWISE];
        break;
      case OP_EXIT_MAIN_THREAD: exit_main_thread(); break;
      case OP_EXIT_WAITED: _exit(self.waited);
      case OP_SET_STATUS: self.waited = at[SET_STATUS_STATUS]; break;
      case OP_IF_STATUS: if (self.waited != at[IF_STATUS_STATUS]) self.pc = at[IF_STATUS_OTHERWISE]; break;
      case OP_KILL_OR_ELSE: self.pc = at[send_signal(at) ? KILL_OR_ELSE_NEXT : KILL_OR_ELSE_REFUSED]; break;
    }
    world->activity++;
  }
}
