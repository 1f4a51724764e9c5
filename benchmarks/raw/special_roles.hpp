#pragma once

#include "common/cast.hpp"
#include "raw/spsc_ring.hpp"

namespace bench {

/// Puts 64 messages at a time, drains all that is there.
template <class Message>
void run_batched(const job& what) {
  constexpr std::uint64_t batch = 64;
  scoreboard board;
  spsc_ring<Message, parking> ring(what, 0);
  fork_all({{what.consumer_cpu,
             [&] {
               auto in = ring.receiver_end();
               Message copy;
               const auto check = std::make_unique<sequence_check>(true);
               board.gate(2);
               for (std::uint64_t got = 0; got < what.count;) {
                 got += in.drain([&](const Message& m) {
                   copy = m;
                   (*check)(check_copied(copy.words.data(), copy.words.size()));
                 });
               }
               board.ended(now_ns());
               board.add_messages(what.count);
             }},
            {what.producer_cpu, [&] {
               auto out = ring.sender_end();
               Message m;
               board.gate(2);
               board.started(now_ns());
               for (std::uint64_t n = 0; n < what.count; ++n) {
                 fill(m.words.data(), m.words.size(), 0, n);
                 out.put(m);
                 if (n % batch == batch - 1) out.publish_all();
               }
               out.publish_all();
             }}});
  board.print();
}

/// Filled in the ring and read there.
template <class Message>
void run_in_place(const job& what) {
  scoreboard board;
  spsc_ring<Message, spinning> ring(what, 0);
  fork_all({{what.consumer_cpu,
             [&] {
               auto in = ring.receiver_end();
               const auto check = std::make_unique<sequence_check>(true);
               board.gate(2);
               for (std::uint64_t got = 0; got < what.count; ++got) {
                 const Message& m = in.front();
                 (*check)(check_in_place(m.words.data(), m.words.size()));
                 in.pop();
               }
               board.ended(now_ns());
               board.add_messages(what.count);
             }},
            {what.producer_cpu, [&] {
               auto out = ring.sender_end();
               board.gate(2);
               board.started(now_ns());
               for (std::uint64_t n = 0; n < what.count; ++n) {
                 Message& m = out.next();
                 fill(m.words.data(), m.words.size(), 0, n);
                 out.publish();
               }
             }}});
  board.print();
}

}  // namespace bench
