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

template <class Message>
void in_place_producer(job what, std::string board_path, std::uint32_t index, queue<Message> out) {
  pin_to(what.producer_cpu);
  scoreboard board(board_path);
  board.gate(what.producers + what.consumers);
  board.started(now_ns());
  for (std::uint64_t n = 0; n < what.count; ++n) {
    auto room = out.loan();
    fill(room->words.data(), room->words.size(), index, n);
    out.send(std::move(room));
  }
}

template <class Message>
void in_place_consumer(job what, std::string board_path, queue<Message> in) {
  pin_to(what.consumer_cpu);
  scoreboard board(board_path);
  const auto check = std::make_unique<sequence_check>(true);
  const std::uint64_t all = what.count * what.producers;
  board.gate(what.producers + what.consumers);
  for (std::uint64_t n = 0; n < all; ++n) {
    auto m = in.take_in_place();
    (*check)(check_in_place(m->words.data(), m->words.size()));
    m.ack();
  }
  board.ended(now_ns());
  board.add_messages(all);
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

template <class Message>
using producing = void (*)(job, std::string, std::uint32_t, queue<Message>);
template <class Message>
using consuming = void (*)(job, std::string, queue<Message>);

template <class Message>
void one_way_by(bulkhead::runtime& rt, const job& what, producing<Message> produces,
                consuming<Message> consumes) {
  scoreboard board;
  queue<Message> q{rt, options_for(what)};
  family children(rt);
  for (std::uint32_t c = 0; c < what.consumers; ++c) {
    children.start(consumes, what, board.path(), q);
  }
  for (std::uint32_t p = 0; p < what.producers; ++p) {
    children.start(produces, what, board.path(), p, q);
  }
  children.join();
  board.print();
}

template <class Message, template <class> class Sender, template <class> class Receiver>
void one_way(bulkhead::runtime& rt, const job& what) {
  one_way_by<Message>(rt, what, &producer<Message, Sender>, &consumer<Message, Receiver>);
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
  throw unsupported("batches of messages of this size");
}

template <std::size_t Bytes>
void run_in_place(const job& what) {
  if (what.consumers != 1) throw unsupported("more than one consumer in place");
  bulkhead::runtime rt;
  one_way_by<message<Bytes>>(rt, what, in_place_producer, in_place_consumer);
}

void run(const job& what) {
  if (what.mode == "one_way" && what.variant == "in_place") {
    switch (what.bytes) {
      case 64:
        return run_in_place<64>(what);
      case 1024:
        return run_in_place<1024>(what);
      case 65536:
        return run_in_place<65536>(what);
      default:
        throw unsupported("this size in place");
    }
  }
  bulkhead::runtime rt;
  with_message_type(what.bytes, [&]<class Message>() { run_with<Message>(rt, what); });
}

}  // namespace

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  return bench::run_program(argc, argv, run,
                            {.variants = {"take", "receive", "batch", "in_place"}});
}
