#pragma once

#include <unistd.h>
#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "common/job.hpp"
#include "common/message.hpp"
#include "common/scoreboard.hpp"

namespace bench {

// What producers, consumers and the two ends of a round trip do, the same for raw limits and
// peers. A sender has `send(const Message&)`, and may have `flush()`, which brings out what it
// holds back; a receiver has `receive(Message&)`.

template <class Sender>
void flush(Sender& out) {
  if constexpr (requires { out.flush(); }) out.flush();
}

/// A message with room for `bytes` bytes.
template <class Message>
std::unique_ptr<Message> make_message(std::uint64_t bytes) {
  auto m = std::make_unique<Message>();
  if constexpr (requires { m->words.resize(bytes); }) m->words.resize(bytes / 8);
  return m;
}

/// Sends `count` messages. One consumer counts; several cannot know how many each gets, so the last
/// producer to be done closes the channel or, where that cannot be, sends each an end mark.
template <class Message, class Sender>
void produce(const job& what, scoreboard& board, std::uint32_t index, Sender&& out) {
  const auto m = make_message<Message>(what.bytes);
  board.gate(what.producers + what.consumers);
  board.started(now_ns());
  for (std::uint64_t n = 0; n < what.count; ++n) {
    fill(m->words.data(), m->words.size(), index, n);
    out.send(*m);
  }
  flush(out);
  if (what.consumers != 1 && board.last_of(what.producers)) {
    if constexpr (requires { out.close(); }) {
      out.close();
    } else {
      // A mark each; more where one got two.
      for (std::uint32_t sent = 0; board.ends() < what.consumers; ++sent) {
        fill(m->words.data(), m->words.size(), index, end_mark);
        out.send(*m);
        flush(out);
        if (sent >= what.consumers) usleep(1000);
      }
    }
  }
  // Some peers lose what is under way when its sender ends.
  board.wait_for_ends(what.consumers);
}

/// Gives each message to `check` once it is copied out of the channel: a receiver has
/// `receive(Message&)`, or `with(visit)` where it owns the copy; false is the end.
template <class Message, class Receiver, class Check>
bool receive_one(Receiver& in, Message& m, Check check) {
  if constexpr (requires { in.with(check); }) {
    return in.with(check);
  } else {
    in.receive(m);
    return check(m);
  }
}

template <class Message, class Receiver>
void consume(const job& what, scoreboard& board, Receiver&& in) {
  const auto m = make_message<Message>(what.bytes);
  const bool only = what.consumers == 1;
  const auto sequence = std::make_unique<sequence_check>(only);
  const std::uint64_t all = only ? what.count * what.producers : ~std::uint64_t{0};
  const auto check = [&](const Message& got) {
    const std::uint64_t word = check_copied(got.words.data(), got.words.size());
    if (number_of(word) == end_mark) return false;
    (*sequence)(word);
    return true;
  };
  board.gate(what.producers + what.consumers);
  std::uint64_t got = 0;
  while (got < all && receive_one(in, *m, check)) ++got;
  const std::int64_t end = now_ns();
  board.add_messages(got);
  board.ended(end);
  // The end of a process takes a CPU as long as thousands of messages of the others.
  board.wait_for_ends(what.consumers);
}

/// Times of single round trips, for percentiles.
class latency_log {
 public:
  explicit latency_log(std::uint64_t count) { times_.reserve(count); }
  void add(std::int64_t ns) { times_.push_back(ns); }
  void report(scoreboard& to) {
    if (times_.empty()) return;
    std::sort(times_.begin(), times_.end());
    to.set_percentiles(at(0.5), at(0.99), at(0.999));
  }

 private:
  std::int64_t at(double share) const {
    return times_[static_cast<std::size_t>(share * static_cast<double>(times_.size() - 1))];
  }
  std::vector<std::int64_t> times_;
};

/// The side that asks: fills, sends, waits for the answer, checks it. A tenth more at first, which
/// do not count.
template <class Message, class Sender, class Receiver>
void ask(const job& what, scoreboard& board, Sender&& out, Receiver&& in) {
  const auto m = make_message<Message>(what.bytes);
  latency_log log(what.count);
  board.gate(2);
  const std::uint64_t warm = what.count / 10;
  for (std::uint64_t n = 0; n < what.count + warm; ++n) {
    const std::int64_t before = now_ns();
    if (n == warm) board.started(before);
    fill(m->words.data(), m->words.size(), 0, n);
    out.send(*m);
    flush(out);
    in.receive(*m);
    if (check_copied(m->words.data(), m->words.size()) != n) {
      wrong_message("answer", n, m->words[0]);
    }
    if (n >= warm) log.add(now_ns() - before);
  }
  board.ended(now_ns());
  board.add_messages(what.count);
  log.report(board);
}

template <class Message, class Sender, class Receiver>
void answer(const job& what, scoreboard& board, Sender&& out, Receiver&& in) {
  const auto m = make_message<Message>(what.bytes);
  board.gate(2);
  const std::uint64_t all = what.count + what.count / 10;
  for (std::uint64_t n = 0; n < all; ++n) {
    in.receive(*m);
    if (check_copied(m->words.data(), m->words.size()) != n) {
      wrong_message("question", n, m->words[0]);
    }
    out.send(*m);
    flush(out);
  }
  board.wait_for_ends(1);
}

}  // namespace bench
