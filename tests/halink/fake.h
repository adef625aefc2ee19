/* What the two halves of the test library share: the interface's state, and its contract. */

#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MESSAGE_BYTES = 24696,
	MAX_NOTES     = 1024,
	MAX_LINKS     = 4096,
	MAX_REQUESTS  = 4096,
};

struct id128 {
	uint64_t hi, lo;
};

struct note {
	struct id128 fid;
	uint32_t     state;
};

/* A message as the library has it; the union's arms that are used. */
struct message {
	struct id128 fid, source_process, source_service;
	uint64_t     time, epoch, type;
	union {
		struct {
			uint64_t    kind, id_of_get, ignore_same, count;
			struct note notes[MAX_NOTES];
		} nvec;
		struct {
			struct id128 pool;
			uint64_t     cookie[2], count;
			struct note  notes[MAX_NOTES];
		} failure_vector;
		struct {
			uint64_t event, type, pid;
		} event;
	} u;
	uint64_t tag;
};

_Static_assert(sizeof(struct note) == 24, "note");
_Static_assert(sizeof(struct message) == MESSAGE_BYTES, "message");
_Static_assert(offsetof(struct message, u) == 72, "payload");
_Static_assert(offsetof(struct message, tag) == 24688, "tag");

struct interface;
struct link;

struct callbacks {
	void (*request)(struct interface *, const struct id128 *id, const char *endpoint,
			const struct id128 *process, const char *revision, uint64_t pid,
			bool first);
	void (*received)(struct interface *, struct link *, const struct message *, uint64_t tag);
	void (*delivered)(struct interface *, struct link *, uint64_t tag);
	void (*not_delivered)(struct interface *, struct link *, uint64_t tag);
	void (*connected)(struct interface *, const struct id128 *id, struct link *);
	void (*reused)(struct interface *, const struct id128 *id, struct link *);
	void (*absent)(struct interface *, const struct id128 *id);
	void (*disconnecting)(struct interface *, struct link *);
	void (*disconnected)(struct interface *, struct link *);
};

enum link_state { FREE, CONNECTED, DISCONNECTING, DISCONNECT_CALLED, DISCONNECTED };

/* A message that was sent over a link and whose end is to be told. */
struct sent {
	struct sent *next;
	uint64_t     tag;
};

struct link {
	enum link_state state;
	/* Notes told over it, and a running checksum of them in order. */
	uint64_t    messages, notes, checksum, vectors, last_id_of_get, last_cookie;
	struct note last;
	/* Messages received that were not given back yet. */
	int         owed;
	struct sent *first, **end;
	uint64_t    in_flight, worst_in_flight;
};

struct request {
	bool         asked, answered;
	int          rc;
	uint32_t     confds, quorum;
	struct id128 rm;
	char         endpoint[128];
	struct link *link;
};

struct interface {
	pthread_mutex_t  lock;
	pthread_cond_t   changed;
	struct callbacks cb;
	pthread_t        main_thread, deliverer;
	bool             is_started, is_stopping;
	uint64_t         requests, tags;
	struct request   request[MAX_REQUESTS];
	struct link      link[MAX_LINKS];
};

extern struct interface *fake;

/* Notes down, for the test, how hax breaks the contract. */
void violation(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Asks for the entrypoint as a process would, over its link if it has one, or as one that comes back
 * from an earlier hax; the request's number.
 */
uint64_t ask(uint64_t process_key, uint64_t pid, const char *endpoint, struct link *link,
	     bool is_first);
