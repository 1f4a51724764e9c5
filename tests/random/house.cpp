#include "random/house.hpp"

#include <bulkhead/dead_letter.hpp>
#include <bulkhead/message.hpp>

#include "random/failure.hpp"
#include "support/credit_census.hpp"

namespace random_test {
namespace {

// What follows the message's bytes in a letter.
struct letter_tail {
  bulkhead::message_id id;
  std::uint32_t attempts = 0;
  std::vector<bulkhead::exit_status> reasons;
  std::string note;
};

}  // namespace

house::house(const core::queue_shape& shape, const core::queue_shape& letters_shape,
             std::uint64_t id, std::uint64_t first_lap)
    : q(shape, id), letters(letters_shape, id + 100), model(shape), reader_(letters.receiver(1)) {
  if (first_lap != 0) start_at(first_lap);
  renew_writer();
}

// Lanes that were used for so many laps, all their messages settled.
void house::start_at(std::uint64_t lap) {
  const core::queue_view& view = q.view();
  const std::uint32_t slots = view.ring_slots();
  for (std::uint32_t lane = 0; lane < model.shape.participants; ++lane) {
    for (std::uint32_t n = 0; n < slots; ++n) {
      view.slot_at(lane, n).store(core::slot_word::make_free(lap), std::memory_order_relaxed);
      view.slot_at(lane, n).meta = 1000 - slots + 1 + n;
    }
    view.lane(lane).used = 1;
    view.lane(lane).passed = core::make_position(lap, 0);
    view.lane(lane).settled = core::make_position(lap, 0);
    view.lane(lane).sequence_hint = 1000 - slots;
  }
}

void house::renew_writer() {
  writer_ = std::make_unique<core::letter_writer>(q.view(), q.payload(), letters.view(),
                                                  letters.payload());
}

bool house::bury(const core::queue_view& queue, const core::poisoned& message) {
  const std::pair key(message.lane, core::make_position(message.word.lap(), message.index));
  core::poisoned noted = message;
  const auto note = notes_.find(key);
  if (note != notes_.end()) noted.note = note->second;
  if (!writer_->bury(queue, noted)) return false;
  for (model_message& m : model.lanes[message.lane]) {
    if (m.at != model_message::where::aside || m.position != key.second) continue;
    buried_[key] = {m, note != notes_.end() ? note->second : std::string()};
    model.remove(message.lane, &m);
    ++letters_waiting;
    break;
  }
  if (note != notes_.end()) notes_.erase(note);
  return true;
}

bool house::read_letter() {
  const auto l = letters.take(reader_);
  if (!l) {
    expect(letters_waiting == 0, "a dead letter is missing");
    return false;
  }
  const std::string text = letters.text(*l);
  check_letter(std::as_bytes(std::span(text)));
  core::acknowledge(letters.view(), *l);
  --letters_waiting;
  return true;
}

void house::check_letter(std::span<const std::byte> bytes) {
  for (auto it = buried_.begin(); it != buried_.end(); ++it) {
    const auto& [key, letter] = *it;
    const std::string& text = letter.message.text;
    if (bytes.size() < text.size() || std::memcmp(bytes.data(), text.data(), text.size()) != 0) {
      continue;
    }
    letter_tail tail;
    // Texts begin with a number that nobody else has, so no other letter begins like this one.
    expect(bulkhead::detail::decode_all(bytes.subspan(text.size()), tail),
           "a dead letter cannot be read");
    expect(tail.id.queue == q.view().header().id && tail.id.seat == key.first &&
               tail.id.position == key.second,
           "a dead letter names another message");
    expect(tail.attempts == letter.message.attempts, "a dead letter counts other attempts");
    expect(letter.note.empty() ? !tail.note.empty() : tail.note == letter.note,
           "a dead letter has another note");
    const auto& died = letter.message.signals;
    const std::size_t last = std::min<std::size_t>(died.size(), core::death_notes_max);
    expect(tail.reasons.size() <= last, "a dead letter has too many reasons");
    for (std::size_t n = 0; n < tail.reasons.size(); ++n) {
      expect(tail.reasons[n].signal == died[died.size() - tail.reasons.size() + n],
             "a dead letter has another reason");
    }
    // Older notes may be overwritten by younger ones of the same remainder, never lost besides.
    expect(letter.message.deliveries > core::death_notes_max || tail.reasons.size() == died.size(),
           "a dead letter has lost a reason");
    buried_.erase(it);
    return;
  }
  throw failure("a dead letter that nobody should have written");
}

void house::check(std::uint32_t seat) {
  if (model.shape.total != 0) {
    const auto credits = support::count_credits(q.view(), {&q.view()});
    const std::string trouble = credits.trouble(model.shape.total);
    expect(trouble.empty(), trouble.c_str());
    expect(credits.messages + credits.free == model.shape.total, "a credit has leaked");
  }
  const core::census census = core::count_messages(q.view(), seat);
  expect(census.waiting == model.waiting, "other messages wait than should");
  expect(census.waiting + census.held + model.aside == model.unsettled(),
         "other messages are held than should be");
  expect(core::all_settled(q.view()) == (model.unsettled() == 0), "join would be wrong");
  const std::uint64_t held = model.unsettled() - model.waiting - model.aside;
  const bool over = model.closed && model.waiting == 0 && (census.held_by_seat != 0 || held == 0);
  expect(core::is_over_for(q.view(), seat) == over, "the end of a closed queue is wrong");
}

}  // namespace random_test
