// Close: senders and forwarders against a close, with their store buffers and the closer's membarrier, and the receivers' way
// to see the end, while one participant dies at any step. README.md says what is checked.
#ifndef SLOTS
#define SLOTS 3
#endif
#ifndef SENDERS
#define SENDERS 2           // lanes below SENDERS send, the others forward; two in all
#endif
#ifndef SENT
#define SENT 1              // messages a lane; a lane does not wrap here
#endif
#ifndef DEATHS
#define DEATHS 1
#endif
#define LANES 2
#define TAKERS 2
#define CLOSER 4
#define SEATS 5
#define RECEIVERS 12
#define MESSAGES (LANES * SENT)
#define USED (LANES * SENT) // slots that are ever used
#include "slot.pml"
#define SLOT(n) ((n) / SENT * SLOTS + (n) % SENT)
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

inline heavy_barrier() {
  pending[0] == 0; pending[1] == 0; pending[2] == 0; pending[3] == 0
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
    :: next == SENT -> break
    :: atomic { next < SENT && closed != OPEN -> next = SENT }
    :: atomic { next < SENT && closed == OPEN -> truth[AT(me, next)] = me * SENT + next + 1 };
       if
       :: me < SENDERS ->
          d_step { BUFFER(me, AT(me, next) + 1, W(0, 0, 0, READY)) };            // S3
          if                                                                     // S4
          :: atomic { closed == OPEN -> sent = sent | BIT(truth[AT(me, next)]) }
          :: closed != OPEN ->
             if
             :: d_step { pending[me] == 0 && word[AT(me, next)] == W(0, 0, 0, READY) ->
                  word[AT(me, next)] = W(1, WITHDRAWN, 0, FREE) };
#ifndef NO_WITHDRAW_WAKE
                RING(RECEIVERS)
#endif
             :: d_step { pending[me] == 0 && word[AT(me, next)] != W(0, 0, 0, READY) ->
                  sent = sent | BIT(truth[AT(me, next)]) }
             fi
          fi;
       :: else ->
          d_step { word[AT(me, next)] = W(0, RESERVED, 0, FREE); record[me] = PREPARING };   // F2, F4
          d_step { BUFFER(me, FORWARDING, 1) };
          if                                                                     // F5
          :: closed == OPEN ->
             d_step { record[me] = COMMITTED; sent = sent | BIT(truth[AT(me, next)]) };       // F6
             d_step { pending[me] == 0 && word[AT(me, next)] == W(0, RESERVED, 0, FREE) ->    // F7
               note_publish(AT(me, next)); word[AT(me, next)] = W(0, 0, 0, READY) };
             d_step { BUFFER(me, FORWARDING, 0) };                               // F9
             record[me] = EMPTY
          :: closed != OPEN ->
             d_step { BUFFER(me, FORWARDING, 0) };
             record[me] = EMPTY;
#ifndef NO_UNDO_WAKE
             RING(RECEIVERS);
#endif
             goto told
          fi
       fi;
       atomic { next++; RING(RECEIVERS) }                                        // S5, F10
    od;
told:
    atomic { next = 0; ended = ended | (1 << me) };
end_idle: false
  } unless { d_step { dead[me] == DYING -> next = 0; i = 0; p = 0; w = 0; dead[me] = GONE } };
end_gone:
  dead[me] == 0 -> goto again
}

// count_messages: `waiting` and `others` say whether a message waits, and whether somebody holds one.
inline census() {
  do
  :: atomic { i < USED -> w = word[SLOT(i)];
       waiting = waiting || STATE(w) == READY;
       others = others || STATE(w) == LEASED || STATE(w) == PINNED;
       w = 0; i++ }
  :: atomic { i == USED -> i = 0; break }
  od
}

proctype receiver(byte me) {
  byte i, held;
  short w, mine;
  bool waiting, others;
again:
  {
    do
    :: HUSH(me); heavy_barrier();                    // announces itself, then looks
       do                                            // take: any message that waits; model lane shows how it is found
       :: atomic { i < USED && STATE(word[SLOT(i)]) == READY ->
            w = word[SLOT(i)]; held = SLOT(i); i = 0;
            note_take(held / SLOTS, held, w);
            mine = W(LAP(w), DELIVERIES(w) + 1, me, LEASED); word[held] = mine; w = 0; break }
       :: atomic { i < USED && STATE(word[SLOT(i)]) != READY -> i++ }
       :: atomic { i == USED -> i = 0; break }
       od;
       if
       :: mine ->
          d_step { BUFFER(me, held + 1, W(LAP(mine) + 1, 0, 0, FREE)) };         // acknowledge
          atomic { mine = 0; held = 0;
            if
#ifndef NO_ACK_WAKE
            :: closed == CLOSED -> RING(RECEIVERS)
#endif
            :: else
            fi }
       :: else ->                                    // is_over_for
          if
#ifdef CLOSED_EARLY
          :: closed == OPEN -> goto sleep
#else
          :: closed != CLOSED -> goto sleep
#endif
          :: else
          fi;
          census();
#ifndef ONE_CENSUS
          if
          :: atomic { waiting || others -> waiting = false; others = false; goto sleep }
          :: else
          fi;
#ifndef NO_FORWARDING
          if
          :: forwarding[0] -> goto sleep
          :: else
          fi;
          if
          :: forwarding[1] -> goto sleep
          :: else
          fi;
#endif
          census();
#endif
          if
          :: atomic { waiting || others -> waiting = false; others = false; goto sleep }
          :: else -> break
          fi;
sleep:    BELL(me)
       fi
    od;
    ended = ended | (1 << me);
end_idle: false
  } unless { d_step { dead[me] == DYING ->
      i = 0; held = 0; w = 0; mine = 0; waiting = false; others = false; dead[me] = GONE } };
end_gone:
  dead[me] == 0 -> goto again
}

inline close() {
  closed = (closed == OPEN -> CLOSING : closed);
#ifndef NO_BARRIER
  heavy_barrier();
#endif
  closed = CLOSED;
  RING((1 << SEATS) - 1)
}
proctype closer() {
  {
    close();
    ended = ended | (1 << CLOSER);
end_idle: false
  } unless { d_step { dead[CLOSER] == DYING -> dead[CLOSER] = GONE } };
end_gone:
  (dead[CLOSER] == 0 && closed == OPEN) -> close();  // a close that never began is somebody else's to do
end_done: false
}

proctype keeper() {
  byte victim, s;
end_idle:
  do
  :: atomic { deaths < DEATHS && ended != (1 << SEATS) - 1 -> select(victim : 0 .. SEATS - 1);
       if
       :: ENDED(victim) -> victim = 0
       :: else -> deaths++; dead[victim] = DYING
       fi }
  :: atomic { dead[victim] == GONE && (victim == CLOSER || pending[victim] == 0) ->     // its stores are out by now
       if                                            // R1
       :: victim < LANES && record[victim] == COMMITTED ->
          do
          :: s < SENT && word[AT(victim, s)] != W(0, RESERVED, 0, FREE) -> s++
          :: s < SENT && word[AT(victim, s)] == W(0, RESERVED, 0, FREE) ->
             note_publish(AT(victim, s)); word[AT(victim, s)] = W(0, 0, 0, READY)
          :: s == SENT -> s = 0; break
          od
       :: else
       fi };
     if
     :: victim < LANES -> record[victim] = EMPTY
     :: else
     fi;
     do                                              // R2
     :: d_step { s < USED && IS_HELD(word[SLOT(s)], victim) ->
          word[SLOT(s)] = W(LAP(word[SLOT(s)]), DELIVERIES(word[SLOT(s)]), 0, READY); s++ }
     :: atomic { s < USED && !IS_HELD(word[SLOT(s)], victim) -> s++ }
     :: atomic { s == USED -> s = 0; break }
     od;
     if
     :: victim < LANES -> forwarding[victim] = false                             // R4
     :: else
     fi;
     if                                              // R5
     :: closed == CLOSING -> close()
     :: else
     fi;
     atomic { RING((1 << SEATS) - 1); dead[victim] = 0; victim = 0 }             // R6
  od
}

// When all were told how it ends, everything that counts as sent was delivered and settled.
proctype judge() {
end_idle:
  atomic { (ended & 15) == 15 -> assert((sent & ~settled) == 0) }
}

init {
  atomic {
    run memory();
    run producer(0); run producer(1);
    run receiver(2); run receiver(3);
    run closer(); run keeper(); run judge()
  }
}
