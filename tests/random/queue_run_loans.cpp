#include "random/failure.hpp"
#include "random/queue_run.hpp"

// Loans of the processes of a queue_run: filled when they are lent, sent or dropped many steps
// later, lost with their process.
namespace random_test {

using core::outcome;

void queue_run::use_loan(std::uint32_t who) {
  std::vector<loan>& loans = people_[who].loans;
  if (loans.size() >= loans_max || (loans.size() < 2 && dice_.one_in(2)) || loans.empty()) {
    if (loans.size() < loans_max) return borrow(who);
  }
  const std::size_t n = dice_.below(loans.size());
  const loan chosen = loans[n];
  loans.erase(loans.begin() + static_cast<std::ptrdiff_t>(n));
  if (dice_.one_in(4)) {
    people_[who].lanes[chosen.house].give_back(chosen.block);
  } else {
    send_loan(who, chosen);
  }
}

void queue_run::borrow(std::uint32_t who) {
  loan lent;
  lent.house = any_house();
  lent.lead = dice_.one_in(2) ? 12 : 0;
  lent.text = new_text();
  while (lent.text.size() <= houses_[lent.house].q.view().shape().inline_bytes) lent.text += '.';
  std::byte* at = nullptr;
  core::producer& lane = people_[who].lanes[lent.house];
  const outcome found = lane.lend_block(lent.text.size() + lent.lead, lent.block, at);
  expect(found == outcome::done || found == outcome::full, "a loan failed");
  if (found != outcome::done) return;
  std::memcpy(at + lent.lead, lent.text.data(), lent.text.size());
  people_[who].loans.push_back(lent);
}

void queue_run::send_loan(std::uint32_t who, const loan& filled) {
  queue_model& model = houses_[filled.house].model;
  core::producer& lane = people_[who].lanes[filled.house];
  const bool is_full =
      model.lanes[lane.seat()].size() >= model.shape.capacity || model.is_beyond_total(1);
  core::place p;
  const outcome found = lane.reserve_lent(filled.block, filled.text.size(), filled.lead, p);
  expect(found == (is_full ? outcome::full : outcome::done), "a loan's send found another lane");
  if (found != outcome::done) {
    people_[who].loans.push_back(filled);
    return;
  }
  const outcome sent = lane.publish(p);
  expect(sent == (model.closed ? outcome::closed : outcome::done), "a loan's send ended otherwise");
  if (sent == outcome::done) model.add(lane.seat(), filled.text);
}

}  // namespace random_test
