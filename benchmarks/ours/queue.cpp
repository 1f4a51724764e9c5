// queue<T> between processes that a runtime spawned.
//   take      take, look, ack (first)
//   receive   at most once
//   batch     send_batch and take_batch, where the queue has them
//   in_place  loan and lease in place, where the queue has them
#include <bulkhead/bulkhead.hpp>

#include "common/roles.hpp"
#include "ours/family.hpp"
#include "ours/queue_ends.hpp"
#include "ours/sizes.hpp"

namespace {

using namespace bench;
using bulkhead::queue;

template <class Message, template <class> class Sender>
void producer(job what, std::string board_path, std::uint32_t index, queue<Message> out) {
  pin_to(what.producer_cpu);
  scoreboard board(board_path);
  produce<Message>(what, board, index, Sender<Message>(out));
}

template <class Message, template <class> class Receiver>
void consumer(job what, std::string board_path, queue<Message> in) {
  pin_to(what.consumer_cpu);
  scoreboard board(board_path);
  consume<Message>(what, board, Receiver<Message>(in));
}

template <class Message>
void asker(job what, std::string board_path, queue<Message> out, queue<Message> in) {
  pin_to(what.producer_cpu);
  scoreboard board(board_path);
  ask<Message>(what, board, plain_sender<Message>(out), copy_receiver<Message>(in));
}

template <class Message>
void answerer(job what, std::string board_path, queue<Message> in, queue<Message> out) {
  pin_to(what.consumer_cpu);
  scoreboard board(board_path);
  answer<Message>(what, board, plain_sender<Message>(out), copy_receiver<Message>(in));
}

bulkhead::queue_options options_for(const job& what) {
  bulkhead::queue_options options;
  options.capacity = what.slots;
  options.participants = std::max(8u, what.producers + what.consumers + 1);
  // Room for all slots, and a block's rounding.
  const std::uint64_t wanted = (what.slots + std::uint64_t{2}) * (what.bytes + 4096);
  options.payload_bytes =
      std::min<std::uint64_t>(std::uint64_t{1} << 32, std::max<std::uint64_t>(16 << 20, wanted));
  return options;
}

template <class Message, template <class> class Sender, template <class> class Receiver>
void one_way(bulkhead::runtime& rt, const job& what) {
  scoreboard board;
  queue<Message> q{rt, options_for(what)};
  family children(rt);
  for (std::uint32_t c = 0; c < what.consumers; ++c) {
    children.start(&consumer<Message, Receiver>, what, board.path(), q);
  }
  for (std::uint32_t p = 0; p < what.producers; ++p) {
    children.start(&producer<Message, Sender>, what, board.path(), p, q);
  }
  children.join();
  board.print();
}

template <class Message>
void round_trip(bulkhead::runtime& rt, const job& what) {
  scoreboard board;
  queue<Message> there{rt, options_for(what)};
  queue<Message> back{rt, options_for(what)};
  family children(rt);
  children.start(&answerer<Message>, what, board.path(), there, back);
  children.start(&asker<Message>, what, board.path(), there, back);
  children.join();
  board.print();
}

template <class Message>
void run_with(bulkhead::runtime& rt, const job& what) {
  if (what.mode == "round_trip") return round_trip<Message>(rt, what);
  if (what.mode != "one_way") throw unsupported("mode " + what.mode);
  if (what.variant.empty() || what.variant == "take") {
    return one_way<Message, plain_sender, take_receiver>(rt, what);
  }
  if (what.variant == "receive") {
    return one_way<Message, plain_sender, receive_receiver>(rt, what);
  }
  if (what.variant == "batch") {
    if constexpr (has_batches<Message>) {
      return one_way<Message, batch_sender, batch_receiver>(rt, what);
    }
  }
  throw unsupported("this queue has no " + what.variant + " yet");
}

void run(const job& what) {
  bulkhead::runtime rt;
  with_message_type(what.bytes, [&]<class Message>() { run_with<Message>(rt, what); });
}

}  // namespace

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  return bench::run_program(argc, argv, run);
}
