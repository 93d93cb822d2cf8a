/* What the world looks like at rest, as one JSON document: /proc as seen from outside, and which numbers are taken. */
#include "world.h"

#include <dirent.h>
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static FILE *out;

static void write_string(const char *text) {
  fputc('"', out);
  for (; *text != 0; text++) {
    if (*text == '"' || *text == '\\') fprintf(out, "\\%c", *text);
    else if ((unsigned char)*text < 32) fprintf(out, "\\u%04x", *text);
    else fputc(*text, out);
  }
  fputc('"', out);
}

static void write_numbers(const char *name, const char *path, const char *key) {
  int numbers[DEPTH_MAX];
  int depth = read_numbers(path, key, numbers);
  fprintf(out, ",\"%s\":[", name);
  for (int i = 0; i < depth; i++) fprintf(out, "%s%d", i > 0 ? "," : "", numbers[i]);
  fputc(']', out);
}

static void write_line(const char *name, const char *text, const char *key, char end) {
  char value[64] = "";
  char *at = strstr(text, key);
  if (at != NULL) {
    at += strlen(key);
    at += strspn(at, " \t");
    size_t length = strcspn(at, "\n");
    if (end != 0 && length > strcspn(at, " ")) length = strcspn(at, " ");
    snprintf(value, sizeof value, "%.*s", (int)length, at);
  }
  fprintf(out, ",\"%s\":", name);
  write_string(value);
}

/* The numbers of its threads, the leader's included, in each namespace. */
static void write_threads(const char *process) {
  char path[400];
  int numbers[DEPTH_MAX], count = 0;
  snprintf(path, sizeof path, "/proc/%s/task", process);
  DIR *tasks = opendir(path);
  fprintf(out, ",\"threads\":[");
  for (struct dirent *entry; tasks != NULL && (entry = readdir(tasks)) != NULL;) {
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "/proc/%s/task/%.20s/status", process, entry->d_name);
    int depth = read_numbers(path, "NSpid:", numbers);
    if (depth == 0) continue;
    fprintf(out, "%s[", count++ > 0 ? "," : "");
    for (int i = 0; i < depth; i++) fprintf(out, "%s%d", i > 0 ? "," : "", numbers[i]);
    fputc(']', out);
  }
  if (tasks != NULL) closedir(tasks);
  fputc(']', out);
}

static void write_processes(void) {
  static char status[4096];
  int count = 0;
  DIR *proc = opendir("/proc");
  fprintf(out, "\"processes\":[");
  for (struct dirent *entry; proc != NULL && (entry = readdir(proc)) != NULL;) {
    char path[300], link[64];
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    snprintf(path, sizeof path, "/proc/%s/status", entry->d_name);
    if (read_file(path, status, sizeof status) <= 0) continue;
    fprintf(out, "%s\n{\"pid\":%s", count++ > 0 ? "," : "", entry->d_name);
    write_line("comm", status, "Name:", 0);
    write_line("state", status, "State:", ' ');
    write_line("ppid", status, "PPid:", 0);
    write_numbers("nspid", path, "NSpid:");
    write_numbers("nspgid", path, "NSpgid:");
    write_numbers("nssid", path, "NSsid:");
    write_threads(entry->d_name);
    snprintf(path, sizeof path, "/proc/%s/ns/pid", entry->d_name);
    ssize_t length = readlink(path, link, sizeof link - 1);
    link[length < 0 ? 0 : length] = 0;
    fprintf(out, ",\"space\":");
    write_string(link);
    fputc('}', out);
  }
  if (proc != NULL) closedir(proc);
  fprintf(out, "]");
}

/*
 * ---- which numbers are taken: asking for one that is gives EEXIST, and moves no cursor ----
 *
 * Who asks wants a pidfd as well, stored where there is no memory: so a number that is free is given back (EFAULT) just
 * before there is a task to have it. A fork for each number would take most of the lab's time.
 */
static int is_taken(int number) {
  pid_t wanted = number;
  struct clone_args arguments = {.flags = CLONE_PIDFD | CLONE_VM | CLONE_VFORK | CLONE_FS | CLONE_FILES,
                                 .pidfd = 8, /* an address in the page that is never mapped */
                                 .exit_signal = SIGCHLD,
                                 .set_tid = (uintptr_t)&wanted,
                                 .set_tid_size = 1};
  pid_t child = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (child == 0) _exit(0); /* it cannot be */
  if (child < 0 && errno == EEXIST) return 1;
  /* Free as well: ENOMEM in a namespace that is dead, EAGAIN in one around which another one is full. */
  if (child < 0 && (errno == EFAULT || errno == ENOMEM || errno == EAGAIN)) return 0;
  die("asking for a number");
}

static void write_taken(int largest) {
  int count = 0;
  fputc('[', out);
  for (int number = 1; number <= largest; number++)
    if (is_taken(number)) fprintf(out, "%s%d", count++ > 0 ? "," : "", number);
  fputc(']', out);
  fflush(out);
}

/* From a process whose next children are born in that namespace. */
static void write_taken_in(int fd, int largest) {
  fflush(out);
  pid_t prober = fork();
  if (prober == 0) {
    if (setns(fd, CLONE_NEWPID) == 0) write_taken(largest);
    else fprintf(out, "[]");
    fflush(out);
    _exit(0);
  }
  if (prober < 0) fprintf(out, "null");
  else waitpid(prober, NULL, 0);
}

static void write_spaces(void) {
  fprintf(out, "\"spaces\":[");
  for (int space = 0; space < world->space_count; space++) {
    char path[64], link[64];
    const int fd = world->spaces[space].fd;
    fprintf(out, "%s{\"space\":", space > 0 ? "," : "");
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t length = fd < 0 ? 0 : readlink(path, link, sizeof link - 1);
    link[length < 0 ? 0 : length] = 0;
    write_string(link);
    fprintf(out, ",\"init\":%d,\"taken\":", world->spaces[space].init);
    if (fd < 0) fprintf(out, "[]");
    else write_taken_in(fd, world->largest[space]);
    fputc('}', out);
  }
  fprintf(out, "]");
}

static void write_refusals(void) {
  fprintf(out, "\"refusals\":[");
  for (int refuser = 0; refuser < REFUSERS; refuser++)
    fprintf(out, "%s[%d,%d,%d]", refuser > 0 ? "," : "", world->refusals[refuser][ERRNO_EAGAIN],
            world->refusals[refuser][ERRNO_ENOMEM], world->refusals[refuser][ERRNO_OTHER]);
  fprintf(out, "]");
}

static int read_pids_file(const char *name) {
  char path[600], text[256];
  snprintf(path, sizeof path, "%s/pod/%s", world->cgroup, name);
  if (read_file(path, text, sizeof text) <= 0) return -1;
  char *digits = text + strcspn(text, "0123456789");
  return *digits == 0 ? -1 : atoi(digits);
}

void report(int rested) {
  out = fdopen(RESULT_FD, "w");
  if (out == NULL) return;
  fprintf(out, "{\"rested\":%s,\"nowUs\":%lld,\"fault\":", rested ? "true" : "false", (long long)world->now_us);
  write_string(world->fault ? world->fault_text : "");
  fprintf(out, ",\"pidsCurrent\":%d,\"pidsEvents\":%d,", read_pids_file("pids.current"), read_pids_file("pids.events"));
  write_refusals();
  fputc(',', out);
  write_processes();
  fputc(',', out);
  /* Room to look: the outside namespace is ours, and nobody runs any more. */
  if (world->outside_pid_max > 0) write_file("/proc/sys/kernel/pid_max", "32768");
  write_spaces();
  fprintf(out, ",\"taken\":");
  write_taken(world->largest[SPACES_MAX]);
  fprintf(out, "}\n");
  fflush(out);
}
