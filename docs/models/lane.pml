// Lanes: send, take, acknowledge, release, stepping over held slots, and recovery of one dead participant, whose seat the next
// incarnation takes over. README.md says what is checked.
#ifndef SLOTS
#define SLOTS 3
#endif
#ifdef RING_IS_CAPACITY
#define CAPACITY SLOTS
#endif
#ifndef CAPACITY
#define CAPACITY 2
#endif
#ifndef LANES
#define LANES 1
#endif
#ifndef SENT
#define SENT 4       // messages a lane
#endif
#ifndef DEATHS
#define DEATHS 1
#endif
#ifndef RELEASES
#define RELEASES 1   // by takers that live on
#endif
#ifndef KEPT
#define KEPT 0       // leases that the first taker may keep while it takes on
#endif
#ifndef MAX_DELIVERIES
#define MAX_DELIVERIES 0
#endif
#define MESSAGES (LANES * SENT)
#define TAKERS 2
#define SEATS (LANES + TAKERS)
#define RECEIVERS (((1 << TAKERS) - 1) << LANES)
#define ALL_SETTLED (settled == ((1 << (MESSAGES + 1)) - 2))
#define ANY_POISON (STATE(word[0]) == POISON || STATE(word[1]) == POISON || STATE(word[2]) == POISON)  // one lane of 3
#include "slot.pml"

byte deaths, releases;

proctype producer(byte me) {
  byte next, sequence, hinted, i, p;
  short w;
again:
  {
    atomic {                                        // producer::take_over
      find_newest(me, next);
      sequence = (next > 0 -> body[AT(me, next - 1)] - me * SENT : 0);
      next = (next < passed[me] -> passed[me] : next);
      assert(sequence == 0 || (out_mask & BIT(me * SENT + sequence)));   // it knows what it sent
      assert(sequence == SENT || !(out_mask & BIT(me * SENT + sequence + 1)))
    };
    do
    :: sequence == SENT -> break
    :: atomic { sequence < SENT && OCCUPIED(me) >= CAPACITY -> HUSH(me) }; BELL(me)
    :: sequence < SENT && OCCUPIED(me) < CAPACITY ->                     // has_room
       S1_find_place(me, next, true);
       S2_say_passed(me, next, hinted);
#ifndef PUBLISH_EARLY
       body[AT(me, next)] = me * SENT + sequence + 1;                    // S2
#endif
       d_step {                                                          // S3
         word[AT(me, next)] = W(LAP_OF(next), 0, 0, READY);
         truth[AT(me, next)] = me * SENT + sequence + 1;
         note_publish(AT(me, next))
       };
#ifdef PUBLISH_EARLY
       body[AT(me, next)] = me * SENT + sequence + 1;
#endif
       d_step { next++; sequence++; RING(RECEIVERS) }                    // S5
    od;
    atomic { next = 0; sequence = 0; hinted = 0 };
end_idle: false
  } unless { d_step { dead[me] == DYING -> next = 0; sequence = 0; hinted = 0; i = 0; p = 0; w = 0; dead[me] = GONE } };
  do
  :: dead[me] == 0 -> goto again
  :: d_step { dead[me] == DYING -> dead[me] = GONE }                             // the next one died at birth
  od
}

proctype consumer(byte me) {
  byte at[LANES], seen[LANES], placed, v, i, p, first, held, l, n, kept;
  short w, mine, kept_word;
  bool got;
again:
  {
    do
    :: ALL_SETTLED -> break
    :: atomic { !ALL_SETTLED -> HUSH(me);
         if                                          // any lane first: turns are not modelled
         :: l = 0
         :: LANES > 1 -> l = LANES - 1
         fi };
       do
       :: take_from(l);
          if
          :: atomic { got || n == LANES - 1 -> n = 0; break }
          :: atomic { !got && n < LANES - 1 -> n++; l = 1 - l }
          fi
       od;
       if
       :: atomic { got -> assert(body[held] == truth[held]); got = false };      // reads the payload
          if
          :: acknowledge(held, mine); atomic { RING(1 << l); held = 0 }
          :: d_step { releases < RELEASES -> releases++; release_word(held, mine) };
             release_version(l);
             atomic { RING(RECEIVERS); held = 0 }
#if KEPT > 0
          :: atomic { me == LANES && kept_word == 0 -> kept_word = mine; kept = held; mine = 0; held = 0 }
#endif
          fi
       :: !got && (BELL(me) || ALL_SETTLED || kept_word)
       fi
#if KEPT > 0
    :: atomic { kept_word -> assert(body[kept] == truth[kept]) };
       acknowledge(kept, kept_word); atomic { RING(1 << (kept / SLOTS)); kept = 0 }
#endif
    od;
    atomic { for (i : 0 .. LANES - 1) { at[i] = 0; seen[i] = 0 } placed = 0; i = 0; l = 0 };
end_idle: false
  } unless {
    d_step { dead[me] == DYING ->
      for (i : 0 .. LANES - 1) { at[i] = 0; seen[i] = 0 }
      placed = 0; v = 0; i = 0; p = 0; first = 0; held = 0; l = 0; n = 0; kept = 0;
      w = 0; mine = 0; kept_word = 0; got = false; dead[me] = GONE }
  };
end_gone:
  do
  :: dead[me] == 0 -> goto again
  :: d_step { dead[me] == DYING -> dead[me] = GONE }                             // the next one died at birth
  od
}

// The keeper: a death at any moment, then R2 to R6, then the next incarnation.
proctype keeper() {
  byte victim, s, i, p, first;
  short w;
end_idle:
  do
  :: deaths < DEATHS && !ALL_SETTLED ->
     atomic { deaths++; select(victim : 0 .. SEATS - 1);
       if
       :: dead[victim] == 0 -> dead[victim] = DYING
       :: else -> deaths--; victim = 0; goto end_idle   // it is dead, and has no next incarnation
       fi };
     dead[victim] == GONE;
     do                                              // R2; nobody else changes what a dead one holds
     :: atomic {
          do
          :: s < LANES * SLOTS && !IS_HELD(word[s], victim) -> s++
          :: else -> break
          od;
          if
          :: s == LANES * SLOTS -> s = 0; break
          :: else ->
             word[s] = ((MAX_DELIVERIES != 0 && DELIVERIES(word[s]) >= MAX_DELIVERIES) ->
                        W(LAP(word[s]), DELIVERIES(word[s]), OWNER(word[s]), BURYING) :
                        W(LAP(word[s]), DELIVERIES(word[s]), 0, READY))
          fi }
     od;
#if MAX_DELIVERIES > 0
     do                                              // R3; the dead letters may be full
     :: atomic {
          do
          :: s < LANES * SLOTS && STATE(word[s]) != BURYING -> s++
          :: else -> break
          od;
          if
          :: s == LANES * SLOTS -> s = 0; break
          :: s < LANES * SLOTS -> note_settled(s); word[s] = W(LAP(word[s]) + 1, 0, 0, FREE)
          :: s < LANES * SLOTS -> word[s] = W(LAP(word[s]), 0, 0, POISON)
          fi }
     od;
#endif
#ifndef NO_MEND
     if
     :: victim < LANES -> R4_mend_lane(victim)
     :: else
     fi;
#endif
     do                                              // R5
     :: atomic { s < LANES -> release_version(s); s++ }
     :: atomic { s == LANES -> s = 0; break }
     od;
     atomic { RING((1 << SEATS) - 1);                // R6
       if
       :: dead[victim] = 0                           // the next incarnation
       :: victim >= LANES && (dead[LANES] == 0 || dead[LANES + 1] == 0)         // or none, where a rival is left
       fi;
       victim = 0 }
#if MAX_DELIVERIES > 0
  :: atomic { ANY_POISON ->                           // bury_again, some time later
       do
       :: s < LANES * SLOTS && STATE(word[s]) != POISON -> s++
       :: else -> break
       od;
       note_settled(s); word[s] = W(LAP(word[s]) + 1, 0, 0, FREE) };
#ifndef BURY_WITHOUT_WAKE
     RING((1 << SEATS) - 1);
#endif
     s = 0
#endif
  od
}

init {
  atomic {
    byte s;
    for (s : 0 .. LANES - 1) { run producer(s) }
    for (s : LANES .. SEATS - 1) { run consumer(s) }
    run keeper()
  }
}
