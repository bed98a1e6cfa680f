/*
 * The hook client: carries one hook event from Claude Code to the gate and prints the gate's decision.
 *
 *   hook-client SOCKET GATE_PID NONCE DEADLINE_S   < event   > decision
 *
 * Promise: it prints one whole decision in one write and exits 0, or prints nothing and exits 2, which Claude
 * Code always takes as a block. Claude Code starts one for each call and the agent waits for it, so it is
 * compiled, and linked statically where that can be had: it has spoken before an interpreter would have started.
 *
 * It sends `NONCE LENGTH\n` and LENGTH bytes of JSON. The gate answers with one frame, `supervise NONCE
 * LENGTH\n` and LENGTH bytes of JSON, and hears `taken\n` once Claude Code has them. While a call waits for the
 * operator the gate sends an empty line now and then, which is sent back; DEADLINE_S is the longest silence that
 * is accepted.
 */
#define _GNU_SOURCE /* struct ucred */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

enum { CHUNK = 1 << 14, LONGEST_HEAD = 100, MOST_DIGITS = 9 };

struct bytes {
    char *data;
    size_t length, room;
};

static const char *deadline_text;
static unsigned deadline_s;

static _Noreturn void refuse(const char *why, const char *more, const char *end)
{
    const char *parts[] = {
        "supervise: the gate gave no decision (", why, more, end,
        "). Nothing was executed. The supervisor has stopped this run; do not try again.\n",
    };
    struct iovec words[5];
    for (int n = 0; n < 5; n++)
        words[n] = (struct iovec){(void *)parts[n], strlen(parts[n])};
    if (writev(STDERR_FILENO, words, 5) < 0)
        _exit(2); /* nobody reads it: the exit code says all */
    _exit(2);
}

static _Noreturn void give_up(const char *why) { refuse(why, "", ""); }

static void on_signal(int number)
{
    if (number == SIGALRM)
        refuse("no answer within ", deadline_text, " s");
    give_up("terminated");
}

/* Append what comes on `fd`. Returns how many bytes came; 0 at its end. */
static size_t hear(int fd, struct bytes *into)
{
    if (into->room - into->length < CHUNK) {
        into->room = into->room * 2 + CHUNK;
        into->data = realloc(into->data, into->room);
        if (into->data == NULL)
            give_up("out of memory");
    }
    ssize_t came = read(fd, into->data + into->length, into->room - into->length);
    if (came < 0)
        give_up(strerror(errno));
    into->length += (size_t)came;
    return (size_t)came;
}

static void say(int gate, const char *words, size_t length)
{
    while (length > 0) {
        ssize_t sent = write(gate, words, length);
        if (sent < 0)
            give_up(errno == EPIPE ? "the connection broke" : strerror(errno));
        words += sent;
        length -= (size_t)sent;
    }
}

static int connect_to(const char *path, long gate_pid)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof name.sun_path)
        give_up("the path of its socket is too long");
    strcpy(name.sun_path, path);
    int gate = socket(AF_UNIX, SOCK_STREAM, 0);
    if (gate < 0 || connect(gate, (struct sockaddr *)&name, sizeof name) < 0)
        give_up(strerror(errno));
#ifdef SO_PEERCRED
    /* Whoever listens must be the very process that launched us. In a shadow it is a process of an outer
     * namespace, which shows as 0: there too it is nobody of the run. */
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(gate, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || (peer.pid != gate_pid && peer.pid != 0))
        give_up("another process listens on its socket");
#else
    (void)gate_pid;
#endif
    return gate;
}

/* Length of the JSON behind a whole head, whose number is `digits`. */
static size_t announced(const char *digits, size_t count)
{
    size_t length = 0;
    if (count == 0 || count > MOST_DIGITS || digits[0] == '0')
        give_up("answer not understood");
    for (size_t n = 0; n < count; n++) {
        if (digits[n] < '0' || digits[n] > '9')
            give_up("answer not understood");
        length = length * 10 + (size_t)(digits[n] - '0');
    }
    if (length < 2)
        give_up("answer not understood");
    return length;
}

/* Wait for the gate's frame. Returns where the decision begins in `reply`; it goes on to the end of that. */
static size_t wait_for_decision(int gate, const char *nonce, struct bytes *reply)
{
    char begins[LONGEST_HEAD];
    size_t known = (size_t)snprintf(begins, sizeof begins, "supervise %s ", nonce);
    if (known >= sizeof begins)
        give_up("its nonce is too long");
    for (;;) {
        size_t came = hear(gate, reply), beats = 0;
        alarm(deadline_s);
        while (beats < reply->length && reply->data[beats] == '\n')
            beats++;
        if (beats > 0) {
            reply->length -= beats;
            memmove(reply->data, reply->data + beats, reply->length);
            say(gate, "\n", 1);
        }
        if (memcmp(reply->data, begins, reply->length < known ? reply->length : known) != 0)
            give_up("answer not understood");
        char *end = memchr(reply->data, '\n', reply->length);
        if (end != NULL) { /* it lies behind `begins`, which holds none */
            size_t start = (size_t)(end - reply->data) + 1;
            size_t whole = start + announced(reply->data + known, start - 1 - known);
            if (reply->length == whole)
                return start;
            if (reply->length > whole)
                give_up("answer not understood");
        } else if (reply->length > LONGEST_HEAD) {
            give_up("answer not understood");
        }
        if (came == 0)
            give_up(reply->length == 0 ? "empty answer" : "answer cut short");
    }
}

int main(int count, char **words)
{
    deadline_text = count == 5 ? words[4] : "0";
    deadline_s = (unsigned)strtoul(deadline_text, NULL, 10);
    if (deadline_s == 0)
        give_up("it was not started as it must be");
    const char *nonce = words[3];

    signal(SIGPIPE, SIG_IGN); /* a write fails instead */
    signal(SIGALRM, on_signal);
    signal(SIGTERM, on_signal);
    alarm(deadline_s);

    struct bytes event = {0}, request = {0}, reply = {0};
    while (hear(STDIN_FILENO, &event) > 0)
        ;
    request.room = strlen(nonce) + 32 + event.length;
    request.data = malloc(request.room);
    if (request.data == NULL)
        give_up("out of memory");
    request.length = (size_t)snprintf(request.data, request.room, "%s %zu\n", nonce, event.length);
    memcpy(request.data + request.length, event.data, event.length);
    request.length += event.length;

    int gate = connect_to(words[1], strtol(words[2], NULL, 10));
    say(gate, request.data, request.length);
    size_t start = wait_for_decision(gate, nonce, &reply);
    alarm(deadline_s); /* for the two writes below */
    size_t length = reply.length - start;
    if (write(STDOUT_FILENO, reply.data + start, length) != (ssize_t)length)
        give_up("could not pass the decision on");
    say(gate, "taken\n", 6);
    _exit(0);
}
