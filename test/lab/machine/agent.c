/*
 * The machine in a box: what runs in it as PID 1, and as every process of the host that a test puppets.
 *
 *   agent (PID 1)        reads a line from the driver's terminal, does it, answers with a line of JSON
 *     ├ role "shim"      the same loop on a socket pair; the agent hands on what begins with `to shim`
 *     ├ role …
 *     └ runc, sshd, …    started by `run`, `spawn`, `exec`
 *
 * No fork that is refused ends it: the refusal is the answer. It starts no shell and no helper of its own, so that what
 * a full table refuses is what the test asked for. Words of a line are percent-encoded; `-` is the empty word.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { WORDS_MAX = 4096, PIDS_MAX = 1 << 16, ROLES_MAX = 256, STACK_BYTES = 1 << 16 };

/* ---- text that grows ---- */

struct text {
  char *bytes;
  size_t length, room;
};

static void add_bytes(struct text *text, const char *bytes, size_t length) {
  if (text->length + length + 1 > text->room) {
    text->room = (text->length + length + 1) * 2;
    text->bytes = realloc(text->bytes, text->room);
    if (text->bytes == NULL) abort();
  }
  memcpy(text->bytes + text->length, bytes, length);
  text->length += length;
  text->bytes[text->length] = 0;
}

static void add(struct text *text, const char *format, ...) {
  char piece[1024];
  va_list values;
  va_start(values, format);
  int length = vsnprintf(piece, sizeof piece, format, values);
  va_end(values);
  add_bytes(text, piece, length < (int)sizeof piece ? length : (int)sizeof piece - 1);
}

/* As a JSON string; a byte beyond ASCII becomes the character of that code. */
static void add_string(struct text *text, const char *bytes, size_t length) {
  add(text, "\"");
  for (size_t i = 0; i < length; i++) {
    unsigned char byte = bytes[i];
    if (byte == '"' || byte == '\\') add(text, "\\%c", byte);
    else if (byte < 32 || byte > 126) add(text, "\\u%04x", byte);
    else add_bytes(text, bytes + i, 1);
  }
  add(text, "\"");
}

static struct text answer;

static const char *error_name(int error) {
  switch (error) {
    case 0: return "";
    case EAGAIN: return "EAGAIN";
    case ENOMEM: return "ENOMEM";
    case EBUSY: return "EBUSY";
    case ESRCH: return "ESRCH";
    case EEXIST: return "EEXIST";
    case ENOENT: return "ENOENT";
    case EROFS: return "EROFS";
    case EINVAL: return "EINVAL";
    case EPERM: return "EPERM";
    case EOPNOTSUPP: return "EOPNOTSUPP";
    default: return strerror(error);
  }
}

static void answer_error(int error) {
  add(&answer, "{\"errno\":\"%s\"}", error_name(error));
}

/* ---- time, files ---- */

static int64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static int read_whole(const char *path, struct text *into) {
  char piece[8192];
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  ssize_t count;
  while ((count = read(fd, piece, sizeof piece)) > 0) add_bytes(into, piece, count);
  int error = count < 0 ? errno : 0;
  close(fd);
  return error;
}

static int write_whole(const char *path, const char *bytes, int flags) {
  int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0644);
  if (fd < 0) return errno;
  ssize_t count = write(fd, bytes, strlen(bytes));
  int error = count < 0 ? errno : 0;
  close(fd);
  return error;
}

static int copy_file(const char *from, const char *to) {
  struct text all = {0};
  int error = read_whole(from, &all);
  if (error != 0) return error;
  int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
  if (fd < 0) return errno;
  if (write(fd, all.bytes, all.length) != (ssize_t)all.length) error = errno;
  close(fd);
  free(all.bytes);
  return error;
}

static int join_group(const char *group) {
  char path[600];
  snprintf(path, sizeof path, "%s/cgroup.procs", group);
  return write_whole(path, "0", 0);
}

/* ---- children: all are reaped at once, as an init or a shim does, unless told otherwise ---- */

static int reaping = 1;
static int ended[PIDS_MAX]; /* 1 + wait status, by PID; 0: not known to have ended */
static char watched[PIDS_MAX];
static sigset_t outside_mask;

static void reap(void) {
  int status;
  pid_t pid;
  if (!reaping) return;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0) ended[pid] = 1 + status;
}

/* The one place where this process waits: SIGCHLD, blocked elsewhere, comes through here. */
static int wait_for_input(struct pollfd *fds, int count, int64_t until_us) {
  reap();
  int64_t left = until_us - now_us();
  if (left < 0) left = 0;
  struct timespec time = {left / 1000000, left % 1000000 * 1000};
  int ready = ppoll(fds, count, &time, &outside_mask);
  reap();
  return ready;
}

static pid_t fork_watched(void) {
  pid_t pid = fork();
  if (pid > 0) {
    ended[pid] = 0;
    watched[pid] = 1;
  }
  return pid;
}

static void forget_strangers(void) {
  for (int pid = 0; pid < PIDS_MAX; pid++)
    if (!watched[pid]) ended[pid] = 0;
}

/* ---- running a program ---- */

static pid_t held[PIDS_MAX];
static int held_count;

struct job {
  pid_t pid;
  int output, gate;
  int64_t started_us;
  struct text text;
};

static struct job *jobs[PIDS_MAX];

/* What stands before the program's own words: `cgroup=…`, `in=…`, `uid=…`, `nproc=…`, `gate`. */
struct start {
  const char *folder, *group, *input;
  int gated, uid, nproc;
  char **words;
};

static struct start read_start(char **words) {
  struct start start = {.folder = words[0], .input = "/dev/null", .uid = -1, .nproc = -1};
  for (words++; *words != NULL; words++) {
    if (strncmp(*words, "cgroup=", 7) == 0) start.group = *words + 7;
    else if (strncmp(*words, "in=", 3) == 0) start.input = *words + 3;
    else if (strncmp(*words, "uid=", 4) == 0) start.uid = atoi(*words + 4);
    else if (strncmp(*words, "nproc=", 6) == 0) start.nproc = atoi(*words + 6);
    else if (strcmp(*words, "gate") == 0) start.gated = 1;
    else break;
  }
  start.words = words;
  return start;
}

static void become(const struct start *start, int output, int gate) {
  char byte;
  int input = open(start->input, O_RDONLY);
  if (start->group != NULL && join_group(start->group) != 0) _exit(124);
  if (input < 0 || dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0) _exit(125);
  if (chdir(start->folder) != 0) _exit(126);
  if (start->nproc >= 0) {
    struct rlimit limit = {start->nproc, start->nproc};
    setrlimit(RLIMIT_NPROC, &limit);
  }
  if (start->uid >= 0 && setuid(start->uid) != 0) _exit(124);
  if (start->gated && read(gate, &byte, 1) != 1) _exit(0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  signal(SIGPIPE, SIG_DFL);
  execvp(start->words[0], start->words);
  _exit(127);
}

/* NULL: the fork was refused (errno). */
static struct job *start_job(const struct start *start) {
  int output[2], gate[2];
  if (pipe2(output, O_CLOEXEC) != 0 || pipe2(gate, O_CLOEXEC) != 0) abort();
  pid_t pid = fork_watched();
  if (pid == 0) {
    setpgid(0, 0);
    become(start, output[1], gate[0]);
  }
  int error = errno;
  close(output[1]);
  close(gate[0]);
  if (pid < 0) {
    close(output[0]);
    close(gate[1]);
    errno = error;
    return NULL;
  }
  struct job *job = calloc(1, sizeof *job);
  job->pid = pid;
  job->output = output[0];
  job->gate = gate[1];
  job->started_us = now_us();
  fcntl(job->output, F_SETFL, O_NONBLOCK);
  return jobs[pid] = job;
}

/* Reads what is there. 0: no process can write any more. */
static int drain(struct job *job) {
  char piece[8192];
  ssize_t count;
  while ((count = read(job->output, piece, sizeof piece)) > 0) add_bytes(&job->text, piece, count);
  return count != 0;
}

/* Until the process has ended, and its output (or `until_us`, if that comes first). 1: the process has ended. */
static int follow(struct job *job, pid_t pid, int64_t until_us, int64_t output_until_us, int64_t *output_ended_us) {
  *output_ended_us = -1;
  for (;;) {
    reap();
    int is_open = *output_ended_us < 0;
    if (is_open && !drain(job)) {
      *output_ended_us = now_us();
      is_open = 0;
    }
    int64_t end = ended[pid] != 0 ? output_until_us : until_us;
    if (ended[pid] != 0 && !is_open) return 1;
    if (now_us() >= end) return ended[pid] != 0;
    struct pollfd fd = {job->output, POLLIN, 0};
    wait_for_input(&fd, is_open, end);
  }
}

static void end_job(struct job *job) {
  close(job->output);
  close(job->gate);
  jobs[job->pid] = NULL;
  watched[job->pid] = 0;
  free(job->text.bytes);
  free(job);
}

static int shell_status(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void answer_job(const struct job *job, pid_t pid, int timed_out, int64_t output_ended_us) {
  add(&answer, "{\"errno\":\"\",\"pid\":%d,\"status\":", pid);
  if (ended[pid] == 0) add(&answer, "null");
  else add(&answer, "%d", shell_status(ended[pid] - 1));
  add(&answer, ",\"timedOut\":%s,\"ms\":%lld,", timed_out ? "true" : "false", (long long)(now_us() - job->started_us) / 1000);
  if (output_ended_us < 0) add(&answer, "\"outputMs\":null,\"output\":");
  else add(&answer, "\"outputMs\":%lld,\"output\":", (long long)(output_ended_us - job->started_us) / 1000);
  add_string(&answer, job->text.length == 0 ? "" : job->text.bytes, job->text.length);
  add(&answer, "}");
}

/* wait PID TIMEOUT_MS OUTPUT_MS: at its timeout the process itself is killed, and nothing else. */
static void wait_job(struct job *job, pid_t pid, int64_t timeout_ms, int64_t output_ms) {
  int64_t output_ended_us, begun = now_us();
  int64_t until = begun + timeout_ms * 1000;
  int timed_out = !follow(job, pid, until, output_ms == 0 ? begun : until + output_ms * 1000, &output_ended_us);
  if (timed_out) {
    kill(pid, SIGKILL);
    follow(job, pid, now_us() + 20000000, now_us() + output_ms * 1000, &output_ended_us);
  }
  answer_job(job, pid, timed_out, output_ended_us);
}

static void do_run(char **words) {
  struct start start = read_start(words + 2);
  struct job *job = start_job(&start);
  if (job == NULL) {
    answer_error(errno);
    return;
  }
  wait_job(job, job->pid, atoll(words[0]), atoll(words[1]));
  end_job(job);
}

static void do_spawn(char **words) {
  struct start start = read_start(words);
  struct job *job = start_job(&start);
  if (job == NULL) answer_error(errno);
  else add(&answer, "{\"errno\":\"\",\"pid\":%d}", job->pid);
}

static void do_wait(char **words) {
  struct job *job = jobs[atoi(words[0])];
  if (job == NULL) {
    answer_error(ESRCH);
    return;
  }
  wait_job(job, job->pid, atoll(words[1]), atoll(words[2]));
  end_job(job);
}

static void do_go(char **words) {
  struct job *job = jobs[atoi(words[0])];
  answer_error(job == NULL || write(job->gate, "x", 1) != 1 ? ESRCH : 0);
}

/*
 * exec TIMEOUT_MS OUTPUT_MS PIDFILE FOLDER WORDS…: a runtime's exec, as containerd's shim makes it: `runc exec --detach`
 * is waited for, then what it has left in the container, whose PID is in the file. TIMEOUT_MS 0: it is left running.
 */
static void do_exec(char **words) {
  int64_t output_ended_us, timeout_ms = atoll(words[0]), output_ms = atoll(words[1]);
  struct text number = {0};
  struct start start = read_start(words + 3);
  forget_strangers();
  unlink(words[2]);
  struct job *job = start_job(&start);
  if (job == NULL) {
    answer_error(errno);
    return;
  }
  follow(job, job->pid, now_us() + 120000000, 0, &output_ended_us);
  int status = ended[job->pid] == 0 ? -1 : shell_status(ended[job->pid] - 1);
  pid_t pid = status == 0 && read_whole(words[2], &number) == 0 ? atoi(number.bytes) : 0;
  if (pid <= 0) {
    answer_job(job, job->pid, 0, output_ended_us);
    answer.length--;
    add(&answer, ",\"started\":false}");
  } else if (timeout_ms == 0) {
    add(&answer, "{\"errno\":\"\",\"pid\":%d,\"started\":true}", pid);
  } else {
    wait_job(job, pid, timeout_ms, output_ms);
    answer.length--;
    add(&answer, ",\"started\":true}");
  }
  free(number.bytes);
  end_job(job);
}

/* ---- puppets ---- */

static void do_hold(char **words) {
  int made = 0, error = 0, wanted = atoi(words[0]);
  for (; made < wanted; made++) {
    pid_t pid = fork();
    if (pid < 0) {
      error = errno;
      break;
    }
    if (pid == 0) {
      prctl(PR_SET_NAME, "hold");
      syscall(SYS_close_range, 0, ~0U, 0); /* so that an end of this process is seen at its socket */
      for (;;) pause();
    }
    held[held_count++] = pid;
  }
  add(&answer, "{\"errno\":\"%s\",\"made\":%d}", error_name(error), made);
}

/* end N: kills the N newest held, without waiting for them unless this process reaps. */
static void do_end(char **words) {
  int done = 0;
  for (int wanted = atoi(words[0]); done < wanted && held_count > 0; done++) {
    pid_t pid = held[--held_count];
    siginfo_t info;
    kill(pid, SIGKILL);
    waitid(P_PID, pid, &info, WEXITED | (reaping ? 0 : WNOWAIT));
  }
  add(&answer, "{\"errno\":\"\",\"ended\":%d}", done);
}

static void do_reap(void) {
  int count = 0;
  while (waitpid(-1, NULL, WNOHANG) > 0) count++;
  add(&answer, "{\"errno\":\"\",\"reaped\":%d}", count);
}

/* churn N: N forks that come and go, one at a time; so the cursor moves on. */
static void do_churn(char **words) {
  int made = 0, error = 0;
  for (int wanted = atoi(words[0]); made < wanted; made++) {
    pid_t pid = fork();
    if (pid < 0) {
      error = errno;
      break;
    }
    if (pid == 0) _exit(0);
    waitpid(pid, NULL, 0);
  }
  add(&answer, "{\"errno\":\"%s\",\"made\":%d}", error_name(error), made);
}

static void *sleep_for_ever(void *none) {
  for (;;) pause();
  return none;
}

static void *end_at_once(void *none) {
  return none;
}

static int start_threads(int count, void *(*body)(void *), int *error) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  int made = 0;
  pthread_t thread;
  for (*error = 0; made < count && (*error = pthread_create(&thread, &attributes, body, NULL)) == 0; made++) {
  }
  return made;
}

static void do_threads(char **words, void *(*body)(void *)) {
  int error, made = start_threads(atoi(words[0]), body, &error);
  add(&answer, "{\"errno\":\"%s\",\"made\":%d}", error_name(error), made);
}

/* ---- looking ---- */

static void add_line(const char *name, const char *status, const char *key) {
  const char *at = strstr(status, key);
  size_t length = 0;
  if (at != NULL) {
    at += strlen(key);
    at += strspn(at, " \t");
    length = strcspn(at, "\n");
  }
  add(&answer, ",\"%s\":", name);
  add_string(&answer, at == NULL ? "" : at, length);
}

/* ps: every process, as /proc has it. */
static void do_ps(void) {
  struct text status = {0}, load = {0}, group = {0};
  char path[300];
  int count = 0;
  read_whole("/proc/loadavg", &load);
  add(&answer, "{\"errno\":\"\",\"loadavg\":");
  add_string(&answer, load.bytes, strcspn(load.bytes, "\n"));
  add(&answer, ",\"processes\":[");
  DIR *proc = opendir("/proc");
  for (struct dirent *entry; proc != NULL && (entry = readdir(proc)) != NULL;) {
    if (!isdigit((unsigned char)entry->d_name[0])) continue;
    status.length = group.length = 0;
    snprintf(path, sizeof path, "/proc/%s/status", entry->d_name);
    if (read_whole(path, &status) != 0) continue;
    snprintf(path, sizeof path, "/proc/%s/cgroup", entry->d_name);
    read_whole(path, &group);
    add(&answer, "%s{\"pid\":%s", count++ > 0 ? "," : "", entry->d_name);
    add_line("comm", status.bytes, "Name:");
    add_line("state", status.bytes, "State:");
    add_line("ppid", status.bytes, "PPid:");
    add_line("threads", status.bytes, "Threads:");
    add_line("nspid", status.bytes, "NSpid:");
    add_line("pgid", status.bytes, "NSpgid:");
    add_line("sid", status.bytes, "NSsid:");
    add_line("cgroup", group.length == 0 ? "" : group.bytes, "0::");
    add(&answer, "}");
  }
  if (proc != NULL) closedir(proc);
  add(&answer, "]}");
  free(status.bytes);
  free(load.bytes);
  free(group.bytes);
}

/*
 * Asks for a PID, with a pidfd to be stored where there is no memory: EEXIST if it is taken; if it is free, EFAULT
 * before there is a task to have it. Neither moves the cursor.
 */
static int is_taken(pid_t wanted) {
  struct clone_args arguments = {.flags = CLONE_PIDFD | CLONE_VM | CLONE_VFORK | CLONE_FS | CLONE_FILES,
                                 .pidfd = 8,
                                 .exit_signal = SIGCHLD,
                                 .set_tid = (uintptr_t)&wanted,
                                 .set_tid_size = 1};
  pid_t pid = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid == 0) _exit(0); /* it cannot be */
  return errno == EEXIST;
}

/* pinned LOW HIGH: PIDs that are taken and belong to no task. */
static void do_pinned(char **words) {
  char path[64];
  int count = 0;
  add(&answer, "{\"errno\":\"\",\"pinned\":[");
  for (int pid = atoi(words[0]), high = atoi(words[1]); pid <= high; pid++) {
    snprintf(path, sizeof path, "/proc/%d", pid); /* a thread has one too, though no listing shows it */
    if (access(path, F_OK) == 0 || !is_taken(pid)) continue;
    add(&answer, "%s%d", count++ > 0 ? "," : "", pid);
  }
  add(&answer, "]}");
}

static void do_read(char **words) {
  struct text text = {0};
  int error = read_whole(words[0], &text);
  add(&answer, "{\"errno\":\"%s\",\"text\":", error_name(error));
  add_string(&answer, text.length == 0 ? "" : text.bytes, text.length);
  add(&answer, "}");
  free(text.bytes);
}

static void do_sleep(char **words) {
  int64_t until = now_us() + atoll(words[0]) * 1000;
  while (now_us() < until) wait_for_input(NULL, 0, until);
  answer_error(0);
}

/* ---- roles ---- */

static struct {
  char name[32];
  int socket;
} roles[ROLES_MAX];
static int role_count;

static void serve(int input, int output) __attribute__((noreturn));

/* role NAME THREADS: a child with this same loop, and with so many threads, its first one among them. */
static void do_role(char **words) {
  int pair[2], error = 0;
  if (role_count == ROLES_MAX || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
    answer_error(ENOMEM);
    return;
  }
  pid_t pid = fork();
  if (pid == 0) {
    close(pair[0]);
    held_count = role_count = 0;
    setsid();
    prctl(PR_SET_NAME, words[0]);
    int wanted = atoi(words[1]) - 1;
    if (start_threads(wanted, sleep_for_ever, &error) < wanted) _exit(1);
    if (write(pair[1], "ready\n", 6) != 6) _exit(1);
    serve(pair[1], pair[1]);
  }
  if (pid < 0) error = errno;
  close(pair[1]);
  char ready[6];
  if (error == 0) {
    struct pollfd fd = {pair[0], POLLIN, 0};
    for (int64_t until = now_us() + 10000000; now_us() < until && wait_for_input(&fd, 1, until) <= 0;) {
    }
    if (read(pair[0], ready, 6) != 6) error = EAGAIN;
  }
  if (error != 0) close(pair[0]);
  else {
    snprintf(roles[role_count].name, sizeof roles[0].name, "%s", words[0]);
    roles[role_count++].socket = pair[0];
  }
  add(&answer, "{\"errno\":\"%s\",\"pid\":%d}", error_name(error), pid);
}

static int role_named(const char *name) {
  for (int i = 0; i < role_count; i++)
    if (strcmp(roles[i].name, name) == 0) return i;
  return -1;
}

static void forget_role(int index) {
  close(roles[index].socket);
  roles[index] = roles[--role_count];
}

/* to NAME …: its answer is the answer. It ends with `bye`. */
static void do_to(char *line) {
  char name[32] = "", piece[8192];
  int offset = 0;
  sscanf(line, "%31s %n", name, &offset);
  int index = role_named(name);
  if (index < 0) {
    answer_error(ESRCH);
    return;
  }
  int socket = roles[index].socket;
  dprintf(socket, "%s\n", line + offset);
  for (;;) {
    struct pollfd fd = {socket, POLLIN, 0};
    if (wait_for_input(&fd, 1, now_us() + 1000000) <= 0) continue;
    ssize_t count = read(socket, piece, sizeof piece);
    if (count <= 0) {
      forget_role(index);
      answer.length = 0;
      add(&answer, "{\"errno\":\"\",\"gone\":true}");
      return;
    }
    add_bytes(&answer, piece, count);
    if (answer.bytes[answer.length - 1] == '\n') break;
  }
  answer.length--;
}

/* ---- the loop ---- */

static char *decode(char *word) {
  char *to = word, *from = word;
  if (strcmp(word, "-") == 0) *word = 0;
  for (; *from != 0; from++) {
    unsigned code;
    if (*from == '%' && sscanf(from + 1, "%2x", &code) == 1) {
      *to++ = (char)code;
      from += 2;
    } else {
      *to++ = *from;
    }
  }
  *to = 0;
  return word;
}

static void power_off(int signal) {
  (void)signal;
  sync();
  reboot(RB_POWER_OFF);
  for (;;) pause();
}

static int set_nproc(int limit) {
  struct rlimit pair = {limit, limit};
  return setrlimit(RLIMIT_NPROC, &pair) == 0 ? 0 : errno;
}

static int result_of(int outcome) {
  return outcome == 0 ? 0 : errno;
}

static void act(char *line) {
  char *words[WORDS_MAX], *at;
  int count = 0;
  if (strncmp(line, "to ", 3) == 0) {
    do_to(line + 3);
    return;
  }
  for (char *word = strtok_r(line, " ", &at); word != NULL && count < WORDS_MAX - 9; word = strtok_r(NULL, " ", &at))
    words[count++] = decode(word);
  for (int i = count; i < count + 8; i++) words[i] = NULL;
  char **rest = words + 1;
  const char *name = count > 0 ? words[0] : "";
#define IS(text, least) (strcmp(name, text) == 0 && count > (least))
  if (IS("run", 4)) do_run(rest);
  else if (IS("spawn", 2)) do_spawn(rest);
  else if (IS("wait", 3)) do_wait(rest);
  else if (IS("go", 1)) do_go(rest);
  else if (IS("exec", 5)) do_exec(rest);
  else if (IS("hold", 1)) do_hold(rest);
  else if (IS("end", 1)) do_end(rest);
  else if (IS("reap", 0)) do_reap();
  else if (IS("churn", 1)) do_churn(rest);
  else if (IS("threads", 1)) do_threads(rest, sleep_for_ever);
  else if (IS("thread", 1)) do_threads(rest, end_at_once);
  else if (IS("ps", 0)) do_ps();
  else if (IS("pinned", 2)) do_pinned(rest);
  else if (IS("read", 1)) do_read(rest);
  else if (IS("sleep", 1)) do_sleep(rest);
  else if (IS("role", 2)) do_role(rest);
  else if (IS("join", 1)) answer_error(join_group(rest[0]));
  else if (IS("reaping", 1)) answer_error((reaping = atoi(rest[0]), 0));
  else if (IS("subreaper", 1)) answer_error(result_of(prctl(PR_SET_CHILD_SUBREAPER, atoi(rest[0]), 0, 0, 0)));
  else if (IS("uid", 1)) answer_error(result_of(setuid(atoi(rest[0]))));
  else if (IS("nproc", 1)) answer_error(set_nproc(atoi(rest[0])));
  else if (IS("kill", 2)) answer_error(result_of(kill(atoi(rest[0]), atoi(rest[1]))));
  else if (IS("write", 2)) answer_error(write_whole(rest[0], rest[1], strncmp(rest[0], "/mnt", 4) == 0 ? O_CREAT | O_TRUNC : 0));
  else if (IS("mkdir", 1)) answer_error(result_of(mkdir(rest[0], 0755)));
  else if (IS("rmdir", 1)) answer_error(result_of(rmdir(rest[0])));
  else if (IS("copy", 2)) answer_error(copy_file(rest[0], rest[1]));
  else if (IS("link", 2)) answer_error(result_of(symlink(rest[0], rest[1])));
  else if (IS("bye", 0)) _exit(0);
  else if (IS("off", 0)) power_off(0);
  else answer_error(EOPNOTSUPP);
}

static void write_all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t count = write(fd, bytes, length);
    if (count < 0 && errno != EINTR) _exit(1);
    if (count > 0) {
      bytes += count;
      length -= count;
    }
  }
}

static void serve(int input, int output) {
  struct text lines = {0};
  char piece[8192];
  for (;;) {
    char *end = lines.length == 0 ? NULL : memchr(lines.bytes, '\n', lines.length);
    if (end != NULL) {
      *end = 0;
      answer.length = 0;
      act(lines.bytes);
      add(&answer, "\n");
      write_all(output, answer.bytes, answer.length);
      lines.length -= end + 1 - lines.bytes;
      memmove(lines.bytes, end + 1, lines.length);
      continue;
    }
    struct pollfd fd = {input, POLLIN, 0};
    if (wait_for_input(&fd, 1, now_us() + 1000000) <= 0) continue;
    ssize_t count = read(input, piece, sizeof piece);
    if (count > 0) add_bytes(&lines, piece, count);
    else if (getpid() == 1) power_off(0);
    else _exit(0);
  }
}

static void child_ended(int signal) {
  (void)signal;
}

static void set_up(void) {
  mount("proc", "/proc", "proc", 0, NULL);
  mount("sysfs", "/sys", "sysfs", 0, NULL);
  mount("none", "/sys/fs/cgroup", "cgroup2", 0, NULL);
  mount("mnt", "/mnt", "tmpfs", 0, NULL);
  mount("run", "/run", "tmpfs", 0, NULL);
  mount("home", "/root", "tmpfs", 0, NULL); /* no start-up scripts of this machine in a login */
  mkdir("/dev/pts", 0755);
  mount("devpts", "/dev/pts", "devpts", 0, "ptmxmode=0666");
  int socket_of_lo = socket(AF_INET, SOCK_DGRAM, 0);
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
  ioctl(socket_of_lo, SIOCSIFFLAGS, &request);
  close(socket_of_lo);
  setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
  setenv("HOME", "/root", 1);
  setsid();
  sigset_t blocked;
  sigemptyset(&blocked);
  sigprocmask(SIG_SETMASK, NULL, &outside_mask);
  sigaddset(&blocked, SIGCHLD);
  sigprocmask(SIG_BLOCK, &blocked, NULL);
  /* With no handler SIGCHLD would end no wait. */
  struct sigaction action = {.sa_handler = child_ended, .sa_flags = SA_NOCLDSTOP};
  sigaction(SIGCHLD, &action, NULL);
  signal(SIGPIPE, SIG_IGN);
}

/* agent LIMIT_SECONDS: the machine is switched off then, even if the driver is gone. */
int main(int argc, char **argv) {
  if (getpid() != 1) return 2;
  set_up();
  signal(SIGALRM, power_off);
  alarm(argc > 1 ? (unsigned)atoi(argv[1]) : 900);
  int terminal = open("/dev/tty1", O_RDWR | O_NOCTTY | O_CLOEXEC);
  struct termios settings;
  if (terminal < 0 || tcgetattr(terminal, &settings) != 0) power_off(0);
  cfmakeraw(&settings);
  tcsetattr(terminal, TCSANOW, &settings);
  write_all(terminal, "{\"ready\":true}\n", 15);
  serve(terminal, terminal);
}
