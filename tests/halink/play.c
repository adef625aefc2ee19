/*
 * What the test has Mero do. Each function is called from a thread of the caller's; the callbacks
 * are made on it, so that several calls at once are several locality threads.
 */

#include <string.h>
#include <time.h>

#include "fake.h"

void end_link(struct interface *hi, struct link *link);

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t ask(uint64_t process_key, uint64_t pid, const char *endpoint, struct link *link,
	     bool is_first)
{
	struct id128 process = { 0x7200000000000001, process_key };
	struct id128 id      = { 0xabc, 0 };

	pthread_mutex_lock(&fake->lock);
	id.lo                   = fake->requests++;
	struct request *request = &fake->request[id.lo % MAX_REQUESTS];
	memset(request, 0, sizeof *request);
	request->asked = true;
	request->link  = link;
	pthread_mutex_unlock(&fake->lock);
	fake->cb.request(fake, &id, endpoint, &process, "revision", pid, is_first);
	pthread_mutex_lock(&fake->lock);
	while (!request->answered)
		pthread_cond_wait(&fake->changed, &fake->lock);
	pthread_mutex_unlock(&fake->lock);
	return id.lo;
}

/* Waits until there is an interface that has begun to start: nobody can be asked before. */
static bool is_there(void)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	for (int i = 0; i < 60000; ++i) {
		struct interface *hi = __atomic_load_n(&fake, __ATOMIC_ACQUIRE);

		if (hi != NULL && __atomic_load_n(&hi->is_started, __ATOMIC_ACQUIRE))
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

/*
 * Asks for the entrypoint, as a process that has a link or as one that has none.
 *
 * out: rc, confds, quorum, key of the RM's fid, link or 0, nanoseconds
 */
void fake_ask(uint64_t process_key, uint64_t pid, struct link *link, bool is_first, int64_t *out,
	      char *endpoints, size_t size)
{
	if (!is_there()) {
		violation("nobody could be asked for the entrypoint within a minute");
		return;
	}
	uint64_t        begun   = now_ns();
	uint64_t        number  = ask(process_key, pid, "peer", link, is_first);
	struct request *request = &fake->request[number % MAX_REQUESTS];

	out[0] = request->rc;
	out[1] = request->confds;
	out[2] = request->quorum;
	out[3] = (int64_t)request->rm.lo;
	out[4] = (int64_t)(intptr_t)request->link;
	out[5] = (int64_t)(now_ns() - begun);
	strncpy(endpoints, request->endpoint, size - 1);
}

static void receive(struct link *link, struct message *message)
{
	pthread_mutex_lock(&fake->lock);
	message->tag = ++fake->tags;
	++link->owed;
	pthread_mutex_unlock(&fake->lock);
	fake->cb.received(fake, link, message, message->tag);
	memset(message, 0xff, sizeof *message); /* nobody looks at it any more */
}

static struct message blank(uint64_t type, uint64_t process_key)
{
	return (struct message){
		.type           = type,
		.fid            = { 0x7200000000000001, process_key },
		.source_process = { 0x7200000000000001, process_key },
	};
}

/* count events of a process: the same event with pids from pid on. */
void fake_events(struct link *link, uint64_t key, uint64_t event, uint64_t type, uint64_t pid,
		 uint64_t count)
{
	for (uint64_t i = 0; i < count; ++i) {
		struct message message = blank(7, key);

		message.u.event.event = event;
		message.u.event.type  = type;
		message.u.event.pid   = pid + i;
		receive(link, &message);
	}
}

/* An event of a service, in its own process. */
void fake_service(struct link *link, uint64_t key, uint64_t event)
{
	struct message message = blank(8, 0);

	message.fid           = (struct id128){ 0x7300000000000001, key };
	message.u.event.event = event;
	receive(link, &message);
}

/* Asks for the states of count objects, whose keys count from first. */
void fake_get(struct link *link, uint64_t id, uint64_t container, uint64_t first, uint64_t count)
{
	struct message message = blank(2, 0);

	message.u.nvec.kind      = 1;
	message.u.nvec.id_of_get = id;
	message.u.nvec.count     = count;
	for (uint64_t i = 0; i < count && i < MAX_NOTES; ++i)
		message.u.nvec.notes[i].fid = (struct id128){ container, first + i };
	receive(link, &message);
}

void fake_vector(struct link *link, uint64_t pool, uint64_t cookie)
{
	struct message message = blank(3, 0);

	message.u.failure_vector.pool   = (struct id128){ 0x6f00000000000001, pool };
	message.u.failure_vector.cookie[0] = cookie;
	receive(link, &message);
}

/* A message of any type with nothing in it that makes sense. */
void fake_rubbish(struct link *link, uint64_t type, uint64_t seed)
{
	struct message message = blank(type, 0);
	uint64_t      *words   = (uint64_t *)&message.u;

	for (size_t i = 0; i < sizeof message.u / sizeof *words; ++i)
		words[i] = seed = seed * 6364136223846793005u + 1442695040888963407u;
	receive(link, &message);
}

void fake_end(struct link *link)
{
	end_link(fake, link);
}

/* out: messages, notes, checksum, vectors, last id, last cookie, key and state of the last note,
 * worst number in flight */
void fake_link(struct link *link, uint64_t *out)
{
	pthread_mutex_lock(&fake->lock);
	const uint64_t all[] = {
		link->messages,       link->notes,       link->checksum,    link->vectors,
		link->last_id_of_get, link->last_cookie, link->last.fid.lo, link->last.state,
		link->worst_in_flight,
	};
	memcpy(out, all, sizeof all);
	pthread_mutex_unlock(&fake->lock);
}
