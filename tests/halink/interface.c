/*
 * A library that has the HA link's interface and plays Mero behind it, for tests. This half is the
 * interface itself, which holds its caller to the contract; play.c is what the test has it do.
 *
 * With -DMERO_2019 it is the older library: eight callbacks, another way to adopt a thread.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fake.h"

struct interface *fake;

static char            violations[4096];
static pthread_mutex_t violations_lock = PTHREAD_MUTEX_INITIALIZER;
static __thread bool   is_adopted;

void violation(const char *format, ...)
{
	char    text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	pthread_mutex_lock(&violations_lock);
	if (strlen(violations) + strlen(text) + 2 < sizeof violations)
		strcat(strcat(violations, text), "\n");
	pthread_mutex_unlock(&violations_lock);
}

size_t fake_violations(char *out, size_t size)
{
	size_t n;

	pthread_mutex_lock(&violations_lock);
	n = (size_t)snprintf(out, size, "%s", violations);
	violations[0] = '\0';
	pthread_mutex_unlock(&violations_lock);
	return n;
}

static void check_thread(const char *call)
{
	if (!is_adopted && !pthread_equal(pthread_self(), fake->main_thread))
		violation("%s from a thread that was not adopted", call);
}

static void check_main(const char *call)
{
	if (!pthread_equal(pthread_self(), fake->main_thread))
		violation("%s from another thread than init", call);
}

int m0_halon_interface_init(struct interface **out, const char *revision, const char *options,
			    const char *debug, const char *uuid)
{
	if (revision == NULL || options == NULL || strstr(debug, "disable-compatibility-check") == NULL)
		return -71;
	if (uuid != NULL && uuid[0] == '\0')
		return -22;
	if (fake != NULL)
		violation("a second interface in one process");
	fake = calloc(1, sizeof *fake);
	pthread_mutex_init(&fake->lock, NULL);
	pthread_cond_init(&fake->changed, NULL);
	fake->main_thread = pthread_self();
	*out              = fake;
	return 0;
}

void m0_halon_interface_fini(struct interface *hi)
{
	check_main("fini");
	if (hi->is_started)
		violation("fini of an interface that was not stopped");
	for (uint64_t i = 0; i < hi->requests; ++i)
		if (!hi->request[i % MAX_REQUESTS].answered)
			violation("a request was never answered");
	pthread_mutex_destroy(&hi->lock);
	pthread_cond_destroy(&hi->changed);
	free(hi);
	fake = NULL;
}

/* Tells the ends of messages, as the library does on a thread of its own. */
static void *deliver(void *arg)
{
	struct interface *hi = arg;

	pthread_mutex_lock(&hi->lock);
	for (;;) {
		bool found = false;

		for (int i = 0; i < MAX_LINKS; ++i) {
			struct link *link = &hi->link[i];
			struct sent *sent = link->first;

			if (sent == NULL)
				continue;
			found       = true;
			link->first = sent->next;
			if (link->first == NULL)
				link->end = &link->first;
			bool is_up = link->state == CONNECTED;
			pthread_mutex_unlock(&hi->lock);
			(is_up ? hi->cb.delivered : hi->cb.not_delivered)(hi, link, sent->tag);
			free(sent);
			pthread_mutex_lock(&hi->lock);
			--link->in_flight;
			pthread_cond_broadcast(&hi->changed);
		}
		if (!found && hi->is_stopping)
			break;
		if (!found)
			pthread_cond_wait(&hi->changed, &hi->lock);
	}
	pthread_mutex_unlock(&hi->lock);
	return NULL;
}

static void *ask_own(void *arg)
{
	const struct id128 *process = arg;

	ask(process->lo, 1, "own", NULL, true);
	return NULL;
}

int m0_halon_interface_start(struct interface *hi, const char *endpoint, const struct id128 *process,
			     const struct id128 *ha, const struct id128 *rm, void *c0, void *c1,
			     void *c2, void *c3, void *c4, void *c5, void *c6, void *c7, void *c8)
{
	pthread_t own;

	check_main("start");
	if (strcmp(endpoint, "refused") == 0)
		return -99;
	if (process->hi != 0x7200000000000001 || ha->lo != process->lo + 1 || rm->lo != ha->lo + 1)
		violation("start with wrong fids");
#ifdef MERO_2019
	void *all[] = { c0, c1, c2, c3, c4, c5, NULL, c6, c7 };
	(void)c8;
#else
	void *all[] = { c0, c1, c2, c3, c4, c5, c6, c7, c8 };
#endif
	_Static_assert(sizeof all == sizeof hi->cb, "callbacks");
	memcpy(&hi->cb, all, sizeof all);
	__atomic_store_n(&hi->is_started, true, __ATOMIC_RELEASE);
	pthread_create(&hi->deliverer, NULL, deliver, hi);
	/* The own request comes on another thread; without an answer this never returns. */
	pthread_create(&own, NULL, ask_own, (void *)process);
	pthread_join(own, NULL);
	return 0;
}

/* Brings a link to its end, as the library does; the caller does not hold the lock. */
void end_link(struct interface *hi, struct link *link)
{
	pthread_mutex_lock(&hi->lock);
	if (link->state != CONNECTED) {
		pthread_mutex_unlock(&hi->lock);
		return;
	}
	link->state = DISCONNECTING;
	pthread_mutex_unlock(&hi->lock);
	hi->cb.disconnecting(hi, link);
	pthread_mutex_lock(&hi->lock);
	while (link->state != DISCONNECT_CALLED || link->in_flight != 0)
		pthread_cond_wait(&hi->changed, &hi->lock);
	if (link->owed != 0)
		violation("%d messages of a link were not given back", link->owed);
	link->state = DISCONNECTED;
	pthread_mutex_unlock(&hi->lock);
	hi->cb.disconnected(hi, link);
	pthread_mutex_lock(&hi->lock);
	link->state = FREE;
	pthread_mutex_unlock(&hi->lock);
}

void m0_halon_interface_stop(struct interface *hi)
{
	check_main("stop");
	for (int i = 0; i < MAX_LINKS; ++i)
		end_link(hi, &hi->link[i]);
	pthread_mutex_lock(&hi->lock);
	hi->is_stopping = true;
	pthread_cond_broadcast(&hi->changed);
	pthread_mutex_unlock(&hi->lock);
	pthread_join(hi->deliverer, NULL);
	hi->is_started = false;
}

void m0_halon_interface_entrypoint_reply(struct interface *hi, const struct id128 *id, int rc,
					 uint32_t confds, const struct id128 *fids,
					 const char **endpoints, uint32_t quorum,
					 const struct id128 *rm, const char *rm_endpoint)
{
	struct request *request   = &hi->request[id->lo % MAX_REQUESTS];
	bool            is_linked = request->link != NULL;

	check_thread("entrypoint_reply");
	pthread_mutex_lock(&hi->lock);
	if (id->hi != 0xabc || !request->asked || request->answered)
		violation("an answer to no request, or a second one");
	request->answered = true;
	request->rc       = rc;
	request->confds   = confds;
	request->quorum   = quorum;
	request->rm       = rm == NULL ? (struct id128){ 0, 0 } : *rm;
	for (uint32_t i = 0; i < confds; ++i)
		if (fids[i].hi != 0x7200000000000001 || strlen(endpoints[i]) == 0)
			violation("confd %u of an answer is no process with an endpoint", i);
	snprintf(request->endpoint, sizeof request->endpoint, "%s %s",
		 confds > 0 ? endpoints[confds - 1] : "-", rm_endpoint == NULL ? "-" : rm_endpoint);
	for (int i = 0; rc == 0 && i < MAX_LINKS && request->link == NULL; ++i) {
		struct link *link = &hi->link[i];

		if (link->state != FREE)
			continue;
		*link         = (struct link){ .state = CONNECTED };
		link->end     = &link->first;
		request->link = link;
	}
	pthread_mutex_unlock(&hi->lock);
	/* Nested, as the real one does it. */
	if (is_linked)
		hi->cb.reused(hi, id, request->link);
	else if (request->link != NULL)
		hi->cb.connected(hi, id, request->link);
#ifndef MERO_2019
	else
		hi->cb.absent(hi, id);
#endif
	pthread_mutex_lock(&hi->lock);
	pthread_cond_broadcast(&hi->changed);
	pthread_mutex_unlock(&hi->lock);
}

void m0_halon_interface_send(struct interface *hi, struct link *link, const struct message *message,
			     uint64_t *tag)
{
	struct sent *sent = calloc(1, sizeof *sent);

	check_thread("send");
	pthread_mutex_lock(&hi->lock);
	if (link->state != CONNECTED && link->state != DISCONNECTING)
		violation("a message over a link that is not there");
	if (message->type == 2) {
		uint64_t count = message->u.nvec.count;

		if (count > MAX_NOTES)
			violation("a message with %lu notes", (unsigned long)count);
		for (uint64_t i = 0; i < count && i < MAX_NOTES; ++i) {
			link->last     = message->u.nvec.notes[i];
			link->checksum = link->checksum * 31 + link->last.fid.lo * 8 + link->last.state;
		}
		if (message->u.nvec.id_of_get == 0)
			link->notes += count;
		else
			link->last_id_of_get = message->u.nvec.id_of_get;
	} else if (message->type == 4) {
		++link->vectors;
		link->last_cookie = message->u.failure_vector.cookie[0];
		if (message->u.failure_vector.count != 0)
			violation("a failure vector that is not empty");
	}
	++link->messages;
	if (++link->in_flight > link->worst_in_flight)
		link->worst_in_flight = link->in_flight;
	*tag = sent->tag = ++hi->tags;
	*link->end       = sent;
	link->end        = &sent->next;
	pthread_cond_broadcast(&hi->changed);
	pthread_mutex_unlock(&hi->lock);
}

void m0_halon_interface_delivered(struct interface *hi, struct link *link,
				  const struct message *message)
{
	check_thread("delivered");
	pthread_mutex_lock(&hi->lock);
	if (link->owed <= 0 || message->tag == 0)
		violation("a message was given back that was not received");
	--link->owed;
	pthread_mutex_unlock(&hi->lock);
}

void m0_halon_interface_disconnect(struct interface *hi, struct link *link)
{
	check_thread("disconnect");
	pthread_mutex_lock(&hi->lock);
	if (link->state != DISCONNECTING)
		violation("disconnect of a link that is not disconnecting");
	link->state = DISCONNECT_CALLED;
	pthread_cond_broadcast(&hi->changed);
	pthread_mutex_unlock(&hi->lock);
}

static int adopt(void *thread)
{
	if (is_adopted)
		violation("a thread was adopted twice");
	memset(thread, 0x5a, 512);
	is_adopted = true;
	return 0;
}

static void shun(void)
{
	if (!is_adopted)
		violation("a thread was shunned that was not adopted");
	is_adopted = false;
}

#ifdef MERO_2019
static int instance;

void *m0_get(void)
{
	return &instance;
}

int m0_thread_adopt(void *thread, void *of)
{
	if (of != &instance)
		violation("adopted into another instance");
	return adopt(thread);
}

void m0_thread_shun(void)
{
	shun();
}
#else
int m0_halon_interface_thread_adopt(struct interface *hi, void *thread)
{
	if (hi != fake)
		violation("adopted into another interface");
	return adopt(thread);
}

void m0_halon_interface_thread_shun(void)
{
	shun();
}
#endif
