// Leases that end: one slot's message, two takers, of which one may hang, extend, release with a delay, pin, or die, against the
// keeper, who revokes what is over. A clock ticks at any time. README.md says what is checked.
#ifndef LEASE
#define LEASE 1
#endif
#ifndef MAX_DELIVERIES
#define MAX_DELIVERIES 3
#endif
#ifndef EXTENDS
#define EXTENDS 2
#endif
#ifndef DELAYS
#define DELAYS 1
#endif
#ifndef DEATHS
#define DEATHS 1
#endif
#ifndef LONGER
#define LONGER 2            // an extension, or a delay
#endif
#define SEEN_LATE (2 * LEASE + 1)   // a lease that the keeper saw at its end is over by then
#define LANES 1
#define SLOTS 2
#define CAPACITY 1
#define MESSAGES 1
#define TAKERS 2
#define SEATS TAKERS
#define RECEIVERS 3
#define DELAYED 6
#include "slot.pml"

// slot_deadline: the delivery that it is for, 0: none, and the time. The lap is the same throughout.
#define SAID(delivery, at) ((delivery) * 128 + (at))
#define SAID_FOR(s) ((s) / 128)
#define SAID_AT(s) ((s) % 128)
#define OVER 127            // in place of a time: the keeper is about to end that delivery
short said;
#ifdef FORGET_ALL
#define SAID_AFTER(w) 0
#else
#define SAID_AFTER(w) SAID(DELIVERIES(w), 0)   // not what it was before: an extension may be about to compare with that
#endif
byte now, extends, delays, deaths;
bool look;                  // the keeper was told of a delayed message
#ifdef REVOKE_PINNED
#define IS_REVOKED(w) (STATE(w) == LEASED || STATE(w) == PINNED)
#else
#define IS_REVOKED(w) (STATE(w) == LEASED)
#endif
// The observer's books of the newest delivery.
bool done;                  // acknowledged, forwarded or buried
byte promised;              // the time before which it must not be revoked
byte written;               // the latest time that was asked for it
byte not_before;            // a delayed message's time
byte horizon;               // nobody waits for more than SEEN_LATE behind it, so there the clock may stop
#define EXPECT(at) horizon = ((at) > horizon -> (at) : horizon)

// set_deadline. The word is looked at after the deadline was read: a later taker's is read before its word.
inline set_deadline(at) {
  atomic { granted = false; snap = said };
  do
  :: atomic { snap == SAID(DELIVERIES(mine), OVER) || word[0] != mine -> break }
  :: atomic { !(snap == SAID(DELIVERIES(mine), OVER) || word[0] != mine) };
     atomic {
#ifndef DEADLINE_BY_STORE
       if
       :: said != snap -> snap = said
       :: else -> said = SAID(DELIVERIES(mine), at); EXPECT(at); granted = true; note_extension(at); break
       fi
#else
       said = SAID(DELIVERIES(mine), at); EXPECT(at); granted = true; note_extension(at); break
#endif
     }
  od;
  atomic { snap = 0 }
}
// One that is granted is a promise.
inline note_extension(at) {
  if
  :: word[0] == mine ->
     written = (at > written -> at : written);
     promised = (is_extension && at > promised -> at : promised)
  :: else -> assert(!is_extension)                   // granted to one that had lost its lease
  fi
}

proctype taker(byte me) {
  short mine;
  byte at;
  bool is_extension, granted;
  short snap;
again:
  {
    do
    :: done -> break
    :: atomic { STATE(word[0]) == READY ->
         assert(!done && now >= not_before);         // delivered after it was settled, or before its time
         mine = W(0, DELIVERIES(word[0]) + 1, me, LEASED);
         word[0] = mine; promised = now + LEASE; EXPECT(promised); written = 0; not_before = 0 };
       do                                            // extend; hanging is a wait for `word[0] != mine`
       :: atomic { extends < EXTENDS -> extends++; is_extension = true };
          if
          :: atomic { word[0] == mine -> at = now + LONGER };
             set_deadline(at)
          :: atomic { word[0] != mine }              // lease_lost
          fi;
          atomic { is_extension = false; at = 0; granted = false }
       :: word[0] != mine -> break
       :: break
       od;
       if
       :: atomic {                                   // acknowledge
#ifdef SETTLE_BY_STORE
            true -> assert(word[0] == mine);         // it frees what another holds
#else
            word[0] == mine ->
#endif
            assert(!done); done = true; word[0] = W(1, 0, 0, FREE); mine = 0 }
       :: atomic { delays < DELAYS -> delays++; at = now + LONGER };             // release with a delay
#ifndef DELAY_WORD_FIRST
          set_deadline(at);
#else
          granted = true;
#endif
          atomic {
            if
            :: granted && word[0] == mine -> word[0] = W(0, DELIVERIES(mine), 0, DELAYED); not_before = at
            :: else                                  // lease_lost
            fi };
#ifdef DELAY_WORD_FIRST
          set_deadline(at);
#endif
          atomic { look = true; mine = 0; at = 0; granted = false }
       :: atomic { word[0] == mine -> mine = W(0, DELIVERIES(mine), me, PINNED); word[0] = mine };   // F3, by CAS
          atomic { assert(!done); done = true };                                                     // F6
          atomic { assert(word[0] == mine); word[0] = W(1, 0, 0, FREE); mine = 0 }                   // F8
       :: atomic { word[0] != mine -> mine = 0 }                                 // lease_lost
       fi
    od
  } unless { d_step { dead[me] == DYING -> mine = 0; at = 0; snap = 0; is_extension = false; granted = false; dead[me] = GONE } };
end_done: false
}

// timekeeper::look_at, and R2 for the dead one. The word is read before its deadline.
proctype keeper() {
  short w;
  byte seen_now, due, since;
  short seen, snap;
end_idle:
  do
  :: atomic { STATE(word[0]) == READY || IS_REVOKED(word[0]) || look -> seen_now = now; look = false };
     atomic { w = word[0];
#ifndef CLOCK_FIRST
       seen_now = (w == seen -> seen_now : now);     // counts from when it is seen
#endif
       if
       :: w != seen -> seen = w; since = seen_now
       :: else
       fi };
     atomic {
       snap = said;
       due = (STATE(w) == DELAYED -> 0 : since + LEASE);
       if
       :: snap == SAID(DELIVERIES(w), OVER) -> due = 0
       :: snap != SAID(DELIVERIES(w), OVER) && SAID_FOR(snap) == DELIVERIES(w) -> due = (SAID_AT(snap) > due -> SAID_AT(snap) : due)
       :: else
       fi;
       // It lasts no longer than anybody asked for.
       assert(w != word[0] || STATE(w) != LEASED || due <= since + LEASE || due <= written) };
#ifndef REVOKE_UNSAID
     if
     :: atomic { IS_REVOKED(w) && due <= seen_now && due != 0 && word[0] == w };
        atomic {
          if
          :: said == snap -> said = SAID(DELIVERIES(w), OVER)
          :: else -> look = true; w = 0; due = 0; seen_now = 0      // one was granted meanwhile: once more
          fi }
     :: atomic { IS_REVOKED(w) && due <= seen_now && due != 0 && word[0] != w -> w = 0; due = 0; seen_now = 0 }
     :: else
     fi;
#endif
     if
     :: atomic { IS_REVOKED(w) && due <= seen_now ->
#ifdef REVOKE_BY_STORE
          if
          :: true ->
#else
          if
          :: w == word[0] ->
#endif
             assert(!done && STATE(word[0]) == LEASED);    // takes away what was settled, or is being forwarded
             assert(now >= promised);                      // before its time
             if
             :: DELIVERIES(w) >= MAX_DELIVERIES -> word[0] = W(1, 0, 0, FREE); done = true     // POISON, R3
             :: else -> word[0] = W(0, DELIVERIES(w), 0, READY)
             fi
          :: else
          fi };
        atomic { said = (said == SAID(DELIVERIES(w), OVER) -> SAID_AFTER(w) : said); w = 0; due = 0; seen_now = 0; snap = 0 }
     :: atomic { STATE(w) == DELAYED && due <= seen_now ->
          word[0] = (w == word[0] -> W(0, DELIVERIES(w), 0, READY) : word[0]);
          w = 0; due = 0; seen_now = 0 }
     :: atomic { STATE(w) == DELAYED && due > seen_now && now < due -> look = true; w = 0; due = 0 };
        now > seen_now || dead[0] == GONE; seen_now = 0      // sleeps until it may be due
     :: atomic { STATE(w) == DELAYED && due > seen_now && now >= due -> look = true; w = 0; due = 0; seen_now = 0 }
     :: atomic { IS_REVOKED(w) && due > seen_now -> w = 0; due = 0 };
        now > seen_now || !IS_REVOKED(word[0]) || dead[0] == GONE; seen_now = 0
     :: atomic { STATE(w) != DELAYED && !IS_REVOKED(w) -> w = 0; due = 0; seen_now = 0 }
     fi
  :: atomic { dead[0] == GONE ->                           // R2, by a store: nobody else changes what a dead one holds
       if
       :: IS_HELD(word[0], 0) && done -> word[0] = W(1, 0, 0, FREE)              // its forward was committed: R1
       :: IS_HELD(word[0], 0) && !done && DELIVERIES(word[0]) >= MAX_DELIVERIES -> word[0] = W(1, 0, 0, FREE); done = true
       :: IS_HELD(word[0], 0) && !done && DELIVERIES(word[0]) < MAX_DELIVERIES -> word[0] = W(0, DELIVERIES(word[0]), 0, READY)
       :: else
       fi;
#ifndef DEATH_WITHOUT_LOOK
       look = true;                                        // it may have put a message off and not said so
#endif
       dead[0] = 3 }
  od
}

proctype world() {
end_done:
  do
  :: now < horizon + SEEN_LATE -> now++
  :: atomic { deaths < DEATHS && dead[0] == 0 && !done -> deaths++; dead[0] = DYING }
  od
}

init {
  atomic {
    word[0] = W(0, 0, 0, READY);
    run taker(0); run taker(1); run keeper(); run world()
  }
}
