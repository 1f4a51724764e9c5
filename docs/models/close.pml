// Close: senders and forwarders against a close, with their store buffers and the closer's membarrier, and the receivers' way
// to see the end, while one participant dies at any step. README.md says what is checked.
#ifndef SLOTS
#define SLOTS 3
#endif
#ifndef SENDERS
#define SENDERS 2           // lanes below SENDERS send, the others forward; two in all
#endif
#ifndef SENT0
#define SENT0 1             // messages of lane 0; a lane does not wrap here
#endif
#ifndef SENT1
#define SENT1 1             // messages of lane 1
#endif
#ifndef RECEIVER_BUFFERS
#define RECEIVER_BUFFERS 1  // 0: an acknowledgement is seen at once
#endif
#ifndef VICTIM
#define VICTIM 0            // the seat that dies; with one death each choice can be explored by itself
#endif
#ifndef DEATHS
#define DEATHS 1
#endif
#define LANES 2
#define TAKERS 2
#define CLOSER 4
#define SEATS 5
#define RECEIVERS 12
#define MESSAGES (SENT0 + SENT1)
#define USED MESSAGES       // slots that are ever used: the first of each lane
#define SENT(me) ((me) == 0 -> SENT0 : SENT1)
#include "slot.pml"
#define SLOT(n) ((n) < SENT0 -> (n) : (n) - SENT0 + SLOTS)
#define OPEN 0
#define CLOSING 1
#define CLOSED 2
#define EMPTY 0
#define PREPARING 1
#define COMMITTED 2

byte closed;
byte record[LANES];
bool forwarding[LANES];
// A store that its processor has done and others do not see yet: where (0: none, slot + 1, or the lane's forwarding word), what.
// One at a time: the next store waits for it. Where the protocol swaps, the processor waits, too.
byte pending[4];
short pending_value[4];
#define FORWARDING 100
#define BUFFER(me, where, value) pending[me] == 0 -> pending[me] = where; pending_value[me] = value
byte deaths, ended;         // ended, bit p: p was told how it ends
short sent;                 // bit m: message m counts as sent for its sender
#define ENDED(p) ((ended >> (p)) & 1)

// Every processor empties its buffer at a moment of its own while this goes on; an empty one at once, which is the least it can do.
#define FULL(p) (pending[p] != 0)
inline heavy_barrier(need, announced) {           // begins with an announcement, if any
  atomic { bells = bells & ~announced;
    need = FULL(0) | (FULL(1) << 1) | (FULL(2) << 2) | (FULL(3) << 3);
    do
    :: atomic { (need & 1) && !FULL(0) -> need = need - 1 }
    :: atomic { (need & 2) && !FULL(1) -> need = need - 2 }
    :: atomic { (need & 4) && !FULL(2) -> need = need - 4 }
    :: atomic { (need & 8) && !FULL(3) -> need = need - 8 }
    :: atomic { need == 0 -> break }
    od }
}
inline drain(p) {
  if
  :: pending[p] == FORWARDING -> forwarding[p] = pending_value[p]
  :: else ->
     word[pending[p] - 1] = pending_value[p];
     if
     :: STATE(pending_value[p]) == READY -> note_publish(pending[p] - 1)
     :: else -> note_settled(pending[p] - 1)
     fi
  fi;
  pending[p] = 0; pending_value[p] = 0
}
proctype memory() {
end_idle:
  do
  :: d_step { pending[0] -> drain(0) }
  :: d_step { pending[1] -> drain(1) }
  :: d_step { pending[2] -> drain(2) }
  :: d_step { pending[3] -> drain(3) }
  od
}

// Sends, or forwards one message of another queue, until all is sent or it is told that the queue is closed.
proctype producer(byte me) {
  byte next, i, p;
  short w;
again:
  {
    atomic { find_newest(me, next) };                 // take_over
    do
    :: atomic { next == SENT(me) || closed != OPEN -> break }
    :: atomic { next < SENT(me) && closed == OPEN ->
         if
         :: me >= SENDERS -> goto forwarding_one
         :: else
         fi };
       d_step { BUFFER(me, AT(me, next) + 1, W(0, 0, 0, READY)) };               // S3
       atomic {                                                                  // S4
         if
         :: closed == OPEN -> sent = sent | BIT(truth[AT(me, next)]); goto went
         :: else
         fi };
       atomic { pending[me] == 0 ->
         if
         :: word[AT(me, next)] == W(0, 0, 0, READY) -> word[AT(me, next)] = W(1, WITHDRAWN, 0, FREE)
         :: else -> sent = sent | BIT(truth[AT(me, next)]); goto went
         fi };
#ifndef NO_WITHDRAW_WAKE
       RING(RECEIVERS);
#endif
       break;
forwarding_one:
       atomic { word[AT(me, next)] = W(0, RESERVED, 0, FREE); record[me] = PREPARING };      // F2, F4
       d_step { BUFFER(me, FORWARDING, 1) };
       atomic {                                                                  // F5
         if
         :: closed != OPEN -> goto undo
         :: else
         fi };
       d_step { record[me] = COMMITTED; sent = sent | BIT(truth[AT(me, next)]) };            // F6
       d_step { pending[me] == 0 && word[AT(me, next)] == W(0, RESERVED, 0, FREE) ->         // F7
         note_publish(AT(me, next)); word[AT(me, next)] = W(0, 0, 0, READY) };
       d_step { BUFFER(me, FORWARDING, 0) };                                     // F9
       record[me] = EMPTY;
went:
       atomic { next++; RING(RECEIVERS) }                                        // S5, F10
    od;
    goto told;
undo:
    atomic { BUFFER(me, FORWARDING, 0) };
    record[me] = EMPTY;
#ifndef NO_UNDO_WAKE
    RING(RECEIVERS);
#endif
told:
    atomic { next = 0; ended = ended | (1 << me) };
end_idle: false
  } unless { d_step { dead[me] == DYING -> next = 0; i = 0; p = 0; w = 0; dead[me] = GONE } };
end_gone:
  do
  :: dead[me] == 0 -> goto again
  :: d_step { dead[me] == DYING -> dead[me] = GONE }                             // the next one died at birth
  od
}

// count_messages: whether a message waits or is held.
inline census() {
  do
  :: atomic {
       if
       :: STATE(word[SLOT(i)]) != FREE -> goto sleep
       :: else -> i++
       fi;
       if
       :: i == USED -> i = 0; break
       :: else
       fi }
  od
}

proctype receiver(byte me) {
  byte i, held, need;
  short w, mine;
again:
  {
    skip;
look:
    heavy_barrier(need, (1 << me));                  // announces itself, then looks
    do                                               // take: any message that waits; model lane shows how it is found
    :: atomic {
         if
         :: STATE(word[SLOT(i)]) == READY ->
            w = word[SLOT(i)]; held = SLOT(i); i = 0;
            note_take(held / SLOTS, held, w);
            mine = W(LAP(w), DELIVERIES(w) + 1, me, LEASED); word[held] = mine; w = 0; break
         :: else ->
            i++;
            if
            :: i == USED -> i = 0; goto is_over
            :: else
            fi
         fi }
    od;
    atomic {                                         // acknowledge
#if RECEIVER_BUFFERS
      BUFFER(me, held + 1, W(LAP(mine) + 1, 0, 0, FREE));
#else
      word[held] = W(LAP(mine) + 1, 0, 0, FREE); note_settled(held);
#endif
      mine = 0; held = 0 };
    atomic {
      if
#ifndef NO_ACK_WAKE
      :: closed == CLOSED -> RING(RECEIVERS); goto look
#endif
      :: else -> goto look
      fi };
is_over:                                             // is_over_for
    atomic {
      if
#ifdef CLOSED_EARLY
      :: closed == OPEN -> goto sleep
#else
      :: closed != CLOSED -> goto sleep
#endif
      :: else
      fi };
    census();                                        // any message: not over; the rest need not be looked at
#ifndef ONE_CENSUS
#ifndef NO_FORWARDING
    do                                               // any_forwarding, of the lanes that ever forward
    :: SENDERS == 2 -> break
    :: atomic { SENDERS < 2 ->
         if
         :: forwarding[1 - i] -> goto sleep
         :: else -> i++
         fi;
         if
         :: i == 2 - SENDERS -> i = 0; break
         :: else
         fi }
    od;
#endif
    census();
#endif
    ended = ended | (1 << me);
end_idle: false;
sleep:
    atomic { BELL(me) -> i = 0; goto look }
  } unless { d_step { dead[me] == DYING -> i = 0; held = 0; need = 0; w = 0; mine = 0; dead[me] = GONE } };
end_gone:
  do
  :: dead[me] == 0 -> goto again
  :: d_step { dead[me] == DYING -> dead[me] = GONE }                             // the next one died at birth
  od
}

inline close(need) {
  closed = CLOSING;
#ifndef NO_BARRIER
  heavy_barrier(need, 0);
#endif
  closed = CLOSED;
  RING(RECEIVERS)
}
proctype closer() {
  byte need;
  {
    close(need);
    ended = ended | (1 << CLOSER);
end_idle: false
  } unless { d_step { dead[CLOSER] == DYING -> need = 0; dead[CLOSER] = GONE } };
end_gone:
  (dead[CLOSER] == 0 && closed == OPEN) -> close(need);  // its next incarnation; R5 goes on with a close that began
end_done: false
}

proctype keeper() {
  byte victim, s, need;
end_idle:
  do
  :: d_step { deaths < DEATHS && !ENDED(VICTIM) && dead[VICTIM] == 0 -> deaths++; victim = VICTIM; dead[VICTIM] = DYING }
#ifdef VICTIM2
  :: d_step { deaths < DEATHS && !ENDED(VICTIM2) && dead[VICTIM2] == 0 -> deaths++; victim = VICTIM2; dead[VICTIM2] = DYING }
#endif
  :: atomic { dead[victim] == GONE && (victim == CLOSER || pending[victim] == 0) ->     // its stores are out by now
       if                                            // R1
       :: victim < LANES && record[victim] == COMMITTED ->
          do
          :: s < SENT(victim) && word[AT(victim, s)] != W(0, RESERVED, 0, FREE) -> s++
          :: s < SENT(victim) && word[AT(victim, s)] == W(0, RESERVED, 0, FREE) ->
             note_publish(AT(victim, s)); word[AT(victim, s)] = W(0, 0, 0, READY)
          :: s == SENT(victim) -> s = 0; break
          od
       :: else
       fi };
     if
     :: atomic { victim < SENDERS || victim >= LANES }
     :: atomic { victim >= SENDERS && victim < LANES -> record[victim] = EMPTY };
        forwarding[victim] = false                   // R4; nobody looks at it in R2
     fi;
     atomic {                                        // R2: it held one message at most
       do
       :: s < USED && IS_HELD(word[SLOT(s)], victim) ->
          word[SLOT(s)] = W(LAP(word[SLOT(s)]), DELIVERIES(word[SLOT(s)]), 0, READY); s++
       :: s < USED && !IS_HELD(word[SLOT(s)], victim) -> s++
       :: s == USED -> s = 0; break
       od };
     if                                              // R5
#ifdef CLOSE_NOT_REPEATED
     :: skip
#else
     :: closed == CLOSING -> close(need)
     :: else
#endif
     fi;
     atomic { RING(RECEIVERS); dead[victim] = 0; victim = 0 }                    // R6
  od
}

// When all were told how it ends, everything that counts as sent was delivered and settled.
proctype judge() {
end_idle:
  atomic { (ended & 15) == 15 -> assert((sent & ~settled) == 0) }
}

init {
  atomic {
    byte m;
    for (m : 0 .. MESSAGES - 1) { truth[SLOT(m)] = m + 1 }
    run memory();
    run producer(0); run producer(1);
    run receiver(2); run receiver(3);
    run closer(); run keeper(); run judge()
  }
}
