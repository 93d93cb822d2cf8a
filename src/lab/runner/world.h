/*
 * The litmus runner: step programs as real processes.
 *
 *   supervisor (main.c)      outside; parent of everything; owns the cgroup; watchdog; tears down on any signal
 *     └ conductor            PID 1 of the private *outside* namespace; keeps the clock; observes (conductor.c, observe.c)
 *         ├ runtime          forks PID 1 of the *inside* namespace, and reaps it
 *         │   └ init         runs a program (process.c)
 *         └ enter            one per entry: setns, fork, and reap (or not) what it forked
 *             └ …            runs a program
 *
 * Sleeps do not wait for real time. A sleeping process blocks on a futex in the shared page; when every process is
 * blocked, the conductor moves the clock to the next deadline and wakes whoever is due. So each gap between two
 * actions is exactly as wide as this machine needs at this moment, and thousands of simulated seconds take none.
 *
 * All processes share one CPU under SCHED_RR at one priority, where the kernel allows it: whoever runs goes on to its next
 * blocking call (or for 100 ms), whoever is woken or born queues behind those already due. The conductor is one of them,
 * and lowers its priority only to let all the others run until none can: no state letter in /proc tells that reliably,
 * as a task may be preempted while it is about to sleep, or long after /proc has forgotten it.
 *
 * SCHED_RR, not SCHED_FIFO, and nothing that looks into /proc or reaps at another priority than the others': releasing a
 * task spins until whoever else is dropping the same dentries of /proc is done, for ever if that one is kept from
 * running by the one that spins (seen on Linux 6.18). Among equals it is done after 100 ms.
 */
#ifndef WORLD_H
#define WORLD_H

#define _GNU_SOURCE
#include <stdint.h>
#include <sys/types.h>

enum {
  DEPTH_MAX = 3, /* namespaces on top of each other: outside, inside, nested */
  SPACES_MAX = 8,
  PROGRAMS_MAX = 64,
  ENTRIES_MAX = 4096,
  SLEEPERS_MAX = 8192,
  WORDS_MAX = 1 << 17,
  TEXT_MAX = 1 << 16,
  LABELS_MAX = 256,
  LOOPS_MAX = 64,
  THREADS_MAX = 4096,
  WORLD_FD = 100,  /* the shared page, in every process that runs a program */
  RESULT_FD = 101, /* where the conductor writes what it saw */
};

enum { PRIORITY_LOW = 1, PRIORITY_PROCESS = 2, PRIORITY_WAKING = 3, PRIORITY_SUPERVISOR = 5 };

/* A compiled program (src/program/code.ts). Offsets are into `words` and `text`. */
struct program {
  int comm, code;
  int durations, probabilities, comms; /* µs in two words; millionths; offsets into `text` */
  int command, command_count;          /* offsets of a real command's arguments, if it is one */
};

enum { ENTER_SETSID = 1, ENTER_REAP = 2, ENTER_LEAVE = 4 };

struct entry {
  int64_t at_us;
  int program, flags;
  int space; /* entered */
  int nest;  /* -1, or the namespace whose init this program becomes */
};

/* A namespace below the outside one. Its init publishes itself and waits until the conductor holds it open. */
struct space {
  int pid_max;
  int init;           /* outside number of its init */
  int fd;             /* with which the conductor holds it open; -1 before */
  _Atomic int opened; /* futex */
};

struct sleeper {
  _Atomic int owner; /* outside number of the process; 0: free */
  _Atomic int woken; /* futex */
  int64_t deadline_us;
  unsigned sequence;
};

enum { BY_FORK, BY_THREAD, BY_ENTRY, REFUSERS };
enum { ERRNO_EAGAIN, ERRNO_ENOMEM, ERRNO_OTHER, ERRNOS };

struct world {
  /* What was asked for. */
  int bound_ms, settle_ms, cpu;
  int outside_pid_max, pids_max, guard_max;
  int nproc_max; /* -1: everything inside is root, which RLIMIT_NPROC does not bind */
  int uid;
  int cgroup_v2, subreaper_outside, hold_init;
  int jitter; /* processes run on any CPU, each as fast as it happens to */
  int init_program, program_count, entry_count, space_count;
  int64_t until_us; /* -1: to rest */
  char cgroup[512];
  struct program programs[PROGRAMS_MAX];
  struct entry entries[ENTRIES_MAX];
  struct space spaces[SPACES_MAX]; /* 0: inside */

  /* What happens. */
  int real_time; /* SCHED_RR was granted */
  volatile int64_t now_us;
  _Atomic int expired;
  _Atomic int activity; /* goes up with every step of every process */
  _Atomic unsigned sequence;
  _Atomic int sleepers_used; /* none was ever taken from here on: nobody has to look at them */
  _Atomic int shim_turn; /* futex: entries that the shim outside has been asked to let in */
  _Atomic int largest[SPACES_MAX + 1]; /* number seen in each space; the outside one last */
  _Atomic int refusals[REFUSERS][ERRNOS];
  _Atomic int fault; /* the runner itself failed somewhere: */
  char fault_text[256];
  struct sleeper sleepers[SLEEPERS_MAX];

  int words[WORDS_MAX];
  char text[TEXT_MAX];
};

extern struct world *world;

#define PROC_MOUNT_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)

/* process.c */
void forget_looks(void);
void be_born(int space);
void join_pod(void);
void run_program(int program) __attribute__((noreturn));
void resume_image(int program, int pc, int space) __attribute__((noreturn));
void set_priority(int priority);
void start_session(void);
void note_refusal(int refuser, int error);
void note_number(int slot, int number);
int futex_wait(_Atomic int *word, int value);
int futex_wake(_Atomic int *word);
int read_numbers(const char *path, const char *key, int numbers[DEPTH_MAX]);
void die(const char *what) __attribute__((noreturn));
int write_file(const char *path, const char *text);
int read_file(const char *path, char *buffer, int size);

/* conductor.c */
int conduct(void);

/* observe.c */
void report(int rested);

#endif
