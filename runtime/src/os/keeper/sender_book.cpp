#include "os/keeper/sender_book.hpp"

#include <algorithm>

namespace bulkhead::os {

void sender_book::give(const claimant& who) {
  given_ = true;
  changed_ = true;
  for (sender& s : senders_) {
    if (s.who.serial != who.serial && !who.follows(s.who)) continue;
    s = {who, true};
    return;
  }
  senders_.push_back({who, true});
}

void sender_book::die(std::uint32_t serial) {
  std::erase_if(senders_, [&](sender& s) {
    if (s.who.serial != serial) return false;
    changed_ = true;
    s.alive = false;
    return s.who.resume_key == 0;
  });
}

void sender_book::rest(std::uint32_t owner, std::uint64_t resume_key) {
  const auto gone = std::erase_if(senders_, [&](const sender& s) {
    return !s.alive && s.who.owner == owner && s.who.resume_key == resume_key;
  });
  changed_ |= gone != 0;
}

void sender_book::forget(std::uint32_t owner, std::uint64_t resume_key) {
  rest(owner, resume_key);
  for (sender& s : senders_) {
    if (s.who.owner != owner || s.who.resume_key != resume_key) continue;
    s.who.resume_key = 0;
    changed_ = true;
  }
}

void sender_book::forget_all_of(std::uint32_t owner) {
  const auto gone =
      std::erase_if(senders_, [&](const sender& s) { return !s.alive && s.who.owner == owner; });
  changed_ |= gone != 0;
  for (sender& s : senders_) {
    if (s.who.owner != owner) continue;
    s.who.resume_key = 0;
    changed_ = true;
  }
}

}  // namespace bulkhead::os
