#include "random/pipe_run.hpp"

#include "random/failure.hpp"

namespace random_test {

namespace core = bulkhead::core;

pipe_run::pipe_run(std::uint64_t seed) : dice_(seed) {
  constexpr std::uint32_t slots[] = {0, 0, 8, 64, 80};
  slot_bytes_ = slots[dice_.below(5)];
  const auto capacity = static_cast<std::uint32_t>(1 + dice_.below(20));
  pipe_ = std::make_unique<pipe_ring::memory_pipe>(slot_bytes_, capacity, 4096);
  // Positions wrap: of slots at 2^64, of frames at 2^40 units and 2^24 messages.
  const std::uint64_t near_wrap =
      slot_bytes_ != 0 ? ~std::uint64_t{0} - dice_.below(50)
                       : core::frame_position{}
                             .after(core::frame_position::units_mask - dice_.below(1000),
                                    core::frame_position::count_mask - dice_.below(50))
                             .word;
  const std::uint64_t at = dice_.one_in(2) ? 0 : near_wrap;
  pipe_->view().positions(0).tail.store(at);
  pipe_->view().positions(1).head.store(at);
  sender_ = std::make_unique<pipe_ring::sender>(*pipe_);
  receiver_ = std::make_unique<pipe_ring::receiver>(*pipe_);
}

std::string pipe_run::new_text(std::size_t size) {
  std::string text = std::to_string(++texts_) + ":";
  while (text.size() < size) text += static_cast<char>('a' + texts_ % 26);
  text.resize(size);
  return text;
}

void pipe_run::step() {
  const std::uint64_t what = dice_.below(40);
  if (what < 12) return is_in_pieces() ? send_piece() : send();
  if (what < 28) return receive();
  if (what < 32) return slot_bytes_ == 0 && !is_in_pieces() ? begin_pieces() : send();
  if (what < 36) return is_in_pieces() ? send_piece() : send();
  if (what == 36) return reserve_and_die();
  if (what == 37) return restart_sender();
  if (what == 38) return restart_receiver();
  if (is_in_pieces() && dice_.one_in(3)) give_up_message();
}

void pipe_run::send() {
  if (is_in_pieces()) give_up_message();
  const std::size_t most = std::min<std::size_t>(sender_->ring.whole_bytes_max(), 600);
  const std::string text =
      new_text(slot_bytes_ != 0 ? slot_bytes_ : dice_.below(dice_.one_in(4) ? most + 1 : 40));
  const std::uint64_t under_way = sender_->ring.under_way();
  const bool sent = sender_->send(text);
  const core::pipe_direction& d = pipe_->view().shape().directions[0];
  if (slot_bytes_ != 0) expect(sent == (under_way < d.capacity), "room in slots is wrong");
  if (under_way == d.capacity) expect(!sent, "more than the capacity was sent");
  if (model_.empty()) expect(sent, "an empty pipe has no room");
  if (sent) model_.push_back({item::kind::message, text});
}

void pipe_run::begin_pieces() {
  rest_ = new_text(600 + dice_.below(20'000));
  first_ = true;
  model_.push_back({item::kind::message, rest_, false});
  model_.back().in_pieces = true;
  send_piece();
}

void pipe_run::send_piece() {
  const std::size_t wanted = dice_.one_in(3) ? 1 + dice_.below(rest_.size()) : rest_.size();
  const std::size_t in_all = dice_.one_in(3) ? dice_.below(100'000) : rest_.size();
  core::pipe_room room{};
  const std::size_t done = sender_->ring.publish_piece(
      std::as_bytes(std::span(rest_.data(), wanted)), first_, wanted == rest_.size(), room, in_all);
  if (done == 0) {
    expect(room == core::pipe_room::none, "a piece was refused");
    expect(!(first_ && model_.size() == 1), "an empty pipe has no room for a piece");
    return;
  }
  first_ = false;
  rest_.erase(0, done);
  if (rest_.empty()) model_.back().complete = true;
}

// Nobody will see the rest; the sender goes on with another message, or is another one.
void pipe_run::give_up_message() {
  rest_.clear();
  // Of a message none of whose pieces has gone nobody knows.
  if (first_) return model_.pop_back();
  model_.back().abandoned = model_.back().complete = true;
}

void pipe_run::reserve_and_die() {
  if (is_in_pieces()) give_up_message();
  std::byte* at = nullptr;
  const std::size_t size = slot_bytes_ != 0 ? slot_bytes_ : dice_.below(600);
  if (sender_->ring.reserve(size, at) == core::pipe_room::there) std::memset(at, 0xee, size);
  restart_sender();
}

void pipe_run::restart_sender() {
  if (restarts_ + 2 > core::pipe_marks) return;
  if (is_in_pieces()) give_up_message();
  pipe_ring::restart(*pipe_);
  sender_ = std::make_unique<pipe_ring::sender>(*pipe_);
  model_.push_back({item::kind::restart, {}});
  ++restarts_;
}

// What it had collected of a message dies with it, and each look collects all that is there.
void pipe_run::restart_receiver() {
  static_cast<void>(receiver_->ring.find());
  receiver_ = std::make_unique<pipe_ring::receiver>(*pipe_);
  while (is_over(model_)) model_.pop_front();
  const bool in_pieces = !model_.empty() && model_.front().in_pieces;
  const bool is_begun = in_pieces && !(model_.front().complete ? false : first_);
  if (is_begun) model_.front().abandoned = true;
}

void pipe_run::receive() {
  while (is_over(model_)) model_.pop_front();
  const std::string got = receiver_->receive();
  if (model_.empty() || !model_.front().complete) {
    expect(got == "(nothing)", "something came that was not sent");
    return;
  }
  if (model_.front().what == item::kind::restart) {
    expect(got == "(restarted)", "the restart was not seen where it happened");
    --restarts_;
  } else {
    expect(got == model_.front().text, "another message came than the oldest");
  }
  model_.pop_front();
}

void pipe_run::finish() {
  if (is_in_pieces()) give_up_message();
  while (!model_.empty()) receive();
  receive();
  expect(sender_->ring.under_way() == 0, "messages are under way, and there are none");
}

}  // namespace random_test
