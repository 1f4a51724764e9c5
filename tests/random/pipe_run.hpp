#pragma once

#include <deque>
#include <memory>
#include <string>

#include "random/options.hpp"
#include "runtime/pipe_ring_memory.hpp"

namespace random_test {

/// One direction of a pipe in one thread, its ends dying and coming again, beside a deque.
class pipe_run {
 public:
  explicit pipe_run(std::uint64_t seed);
  void step();
  /// Receives all that is under way.
  void finish();

 private:
  // What the receiver must meet, in this order.
  struct item {
    enum class kind : std::uint8_t { message, restart };
    kind what = kind::message;
    std::string text;
    bool complete = true;
    bool in_pieces = false;
    bool abandoned = false;  // its sender gave it up, or its receiver died with a part of it
  };

  std::string new_text(std::size_t size);
  void send();
  void begin_pieces();
  void send_piece();
  void reserve_and_die();
  void receive();
  void restart_sender();
  void restart_receiver();
  void give_up_message();
  // The receiver never hears of the first one.
  [[nodiscard]] static bool is_over(const std::deque<item>& all) {
    return !all.empty() && all.front().abandoned && all.front().complete;
  }
  [[nodiscard]] bool is_in_pieces() const { return !rest_.empty(); }

  dice dice_;
  std::uint32_t slot_bytes_;
  std::unique_ptr<pipe_ring::memory_pipe> pipe_;
  std::unique_ptr<pipe_ring::sender> sender_;
  std::unique_ptr<pipe_ring::receiver> receiver_;
  std::deque<item> model_;
  std::string rest_;    // of the message that goes in pieces
  bool first_ = false;  // none of its pieces has gone
  std::uint64_t texts_ = 0;
  std::uint64_t restarts_ = 0;  // that the receiver has not seen
};

}  // namespace random_test
