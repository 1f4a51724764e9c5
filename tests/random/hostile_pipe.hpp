#pragma once

#include <memory>

#include "random/scribbler.hpp"
#include "runtime/pipe_ring_memory.hpp"

namespace random_test {

/// Both ends of a pipe at work while a peer overwrites its words. Nothing is expected of the
/// messages.
class hostile_pipe {
 public:
  hostile_pipe(std::uint64_t seed, bool mid_step);
  void scribble() { peer_->scribble(); }
  void step();

  std::uint64_t useful = 0;

 private:
  void send();
  void send_fast();
  void receive();
  void look();

  dice dice_;
  std::uint32_t slot_bytes_;
  std::unique_ptr<pipe_ring::memory_pipe> pipe_;
  std::unique_ptr<scribbler> peer_;
  std::unique_ptr<pipe_ring::sender> sender_;
  std::unique_ptr<pipe_ring::receiver> receiver_;
};

}  // namespace random_test
