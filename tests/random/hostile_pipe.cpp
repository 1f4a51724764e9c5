#include "random/hostile_pipe.hpp"

#include "core/pipe_alarm.hpp"

namespace random_test {

namespace core = bulkhead::core;

hostile_pipe::hostile_pipe(std::uint64_t seed, bool) : dice_(seed) {
  constexpr std::uint32_t slots[] = {0, 0, 8, 64, 80};
  slot_bytes_ = slots[dice_.below(5)];
  const auto capacity = static_cast<std::uint32_t>(1 + dice_.below(20));
  pipe_ = std::make_unique<pipe_ring::memory_pipe>(slot_bytes_, capacity, 4096);
  const core::pipe_view& view = pipe_->view();
  std::byte* base = pipe_->base();
  // All pages but the header, which was read before the peer had it.
  std::vector<scribbler::part> parts{{base + core::pipe_layout::records_offset, 4096},
                                     {reinterpret_cast<std::byte*>(&view.positions(0).tail), 8},
                                     {reinterpret_cast<std::byte*>(&view.positions(1).head), 8},
                                     {base + core::pipe_layout::positions_offset[0], 2 * 4096},
                                     {base + core::pipe_layout::alarms_offset, 4096},
                                     {view.ring(0), view.shape().directions[0].ring_bytes},
                                     {view.ring(0), view.shape().directions[0].ring_bytes}};
  peer_ = std::make_unique<scribbler>(dice_.bits(), std::move(parts));
  sender_ = std::make_unique<pipe_ring::sender>(*pipe_);
  receiver_ = std::make_unique<pipe_ring::receiver>(*pipe_);
}

void hostile_pipe::step() {
  const std::uint64_t what = dice_.below(16);
  if (what < 6) return send();
  if (what < 7) return send_fast();
  if (what < 13) return receive();
  look();
}

void hostile_pipe::send() {
  const std::size_t most = sender_->ring.whole_bytes_max();
  const std::string text(slot_bytes_ != 0 ? slot_bytes_ : dice_.below(most), 'x');
  core::pipe_room room{};
  if (slot_bytes_ == 0 && dice_.one_in(3)) {
    useful += sender_->ring.publish_piece(std::as_bytes(std::span(text)), dice_.one_in(2),
                                          dice_.one_in(2), room, dice_.below(10'000)) != 0;
  } else {
    useful += sender_->send(text);
  }
}

// What a waiting call does first: the port's own checks.
void hostile_pipe::send_fast() {
  if (slot_bytes_ == 0) return;
  if (std::byte* at = sender_->port->lend_after_look(slot_bytes_, true)) {
    std::memset(at, 'y', slot_bytes_);
    static_cast<void>(sender_->port->publish_lent());
  }
  if (const std::byte* at = receiver_->port->lend_after_look(slot_bytes_, true)) {
    static_cast<void>(touch(at, slot_bytes_));
    static_cast<void>(receiver_->port->release_lent());
  }
}

void hostile_pipe::receive() {
  switch (receiver_->ring.find()) {
    case core::pipe_next::message:
      static_cast<void>(touch(receiver_->ring.message().data(), receiver_->ring.message().size()));
      receiver_->ring.finish();
      ++useful;
      break;
    case core::pipe_next::restarted:
      receiver_->ring.pass_restart();
      break;
    case core::pipe_next::corrupt:
      // For good, in a real pipe; here the next incarnation goes on with what is there.
      if (dice_.one_in(2)) receiver_ = std::make_unique<pipe_ring::receiver>(*pipe_);
      break;
    case core::pipe_next::nothing:
      break;
  }
}

void hostile_pipe::look() {
  static_cast<void>(sender_->ring.under_way());
  if (dice_.one_in(4)) pipe_ring::restart(*pipe_);
  if (dice_.one_in(4)) sender_ = std::make_unique<pipe_ring::sender>(*pipe_);
  if (dice_.one_in(4)) receiver_ = std::make_unique<pipe_ring::receiver>(*pipe_);
  // Positions that go together again, or the pipe is corrupt for the rest of its life.
  if (dice_.one_in(3)) {
    auto& tail = pipe_->view().positions(0).tail;
    pipe_->view().positions(1).head.store(tail.load());
  }
  const core::pipe_alarm alarm(pipe_->view(), 0, core::pipe_alarm::side::receiving);
  alarm.announce();
  alarm.wake();
  alarm.rouse();
  core::pipe_shape shape;
  static_cast<void>(
      core::read_shape(pipe_->base(), core::pipe_layout(pipe_->view().shape()).total_bytes, shape));
}

}  // namespace random_test
