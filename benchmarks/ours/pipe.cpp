// A pipe between two processes that a runtime spawned.
//   receive    one send and one receive a message (first)
//   batch      64 at a time
//   in_place   filled in a loan, read where it lies
#include <bulkhead/bulkhead.hpp>

#include "common/roles.hpp"
#include "ours/family.hpp"
#include "ours/pipe_ends.hpp"
#include "ours/sizes.hpp"

namespace {

using namespace bench;

template <class Message, template <class> class Sender>
void producer(job what, std::string board_path, end_of<Message> end) {
  pin_to(what.producer_cpu);
  scoreboard board(board_path);
  produce<Message>(what, board, 0, Sender<Message>(end));
}

template <class Message, template <class> class Receiver>
void consumer(job what, std::string board_path, end_of<Message> end) {
  pin_to(what.consumer_cpu);
  scoreboard board(board_path);
  consume<Message>(what, board, Receiver<Message>(end));
}

template <class Message>
void asker(job what, std::string board_path, end_of<Message> end) {
  pin_to(what.producer_cpu);
  scoreboard board(board_path);
  ask<Message>(what, board, pipe_sender<Message>(end), pipe_receiver<Message>(end));
}

template <class Message>
void answerer(job what, std::string board_path, end_of<Message> end) {
  pin_to(what.consumer_cpu);
  scoreboard board(board_path);
  answer<Message>(what, board, pipe_sender<Message>(end), pipe_receiver<Message>(end));
}

template <class Message>
void in_place_producer(job what, std::string board_path, end_of<Message> end) {
  pin_to(what.producer_cpu);
  scoreboard board(board_path);
  board.gate(2);
  board.started(now_ns());
  for (std::uint64_t n = 0; n < what.count; ++n) {
    auto room = end.loan();
    fill(room->words.data(), room->words.size(), 0, n);
    end.send(std::move(room));
  }
}

template <class Message>
void in_place_consumer(job what, std::string board_path, end_of<Message> end) {
  pin_to(what.consumer_cpu);
  scoreboard board(board_path);
  const auto check = std::make_unique<sequence_check>(true);
  board.gate(2);
  for (std::uint64_t n = 0; n < what.count; ++n) {
    const auto m = end.receive_in_place();
    (*check)(check_in_place(m->words.data(), m->words.size()));
  }
  board.ended(now_ns());
  board.add_messages(what.count);
}

bulkhead::pipe_options options_for(const job& what) {
  bulkhead::pipe_options options;
  options.capacity = what.slots;
  const std::uint64_t wanted = (what.slots + std::uint64_t{1}) * (what.bytes + 64);
  options.ring_bytes = std::clamp<std::uint64_t>(wanted, 1 << 16, std::uint64_t{1} << 32);
  return options;
}

template <class Message>
using role = void (*)(job, std::string, end_of<Message>);

template <class Message>
void run_pair(const job& what, role<Message> left, role<Message> right) {
  bulkhead::runtime rt;
  scoreboard board;
  auto ends = bulkhead::make_pipe<Message, Message>(rt, options_for(what));
  family children(rt);
  children.start(right, what, board.path(), std::move(ends.second));
  children.start(left, what, board.path(), std::move(ends.first));
  children.join();
  board.print();
}

template <class Message>
void run_with(const job& what) {
  if (what.mode == "round_trip") return run_pair<Message>(what, asker, answerer);
  if (what.variant == "batch") {
    return run_pair<Message>(what, producer<Message, pipe_batch_sender>,
                             consumer<Message, pipe_batch_receiver>);
  }
  run_pair<Message>(what, producer<Message, pipe_sender>, consumer<Message, pipe_receiver>);
}

template <std::size_t Bytes>
void run_in_place(const job& what) {
  run_pair<message<Bytes>>(what, in_place_producer, in_place_consumer);
}

void run(const job& what) {
  if (what.producers != 1 || what.consumers != 1) throw unsupported("a pipe has two ends");
  if (what.variant != "in_place") {
    return with_message_type(what.bytes, [&]<class Message>() { run_with<Message>(what); });
  }
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

}  // namespace

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  return bench::run_program(argc, argv, run, {.variants = {"receive", "batch", "in_place"}});
}
