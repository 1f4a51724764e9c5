#include "os/keeper/sender_book.hpp"

#include <algorithm>

namespace bulkhead::os {

void sender_book::give(const claimant& who) {
  given_ = true;
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
    s.alive = false;
    return s.who.resume_key == 0;
  });
}

void sender_book::rest(std::uint32_t owner, std::uint64_t resume_key) {
  std::erase_if(senders_, [&](const sender& s) {
    return !s.alive && s.who.owner == owner && s.who.resume_key == resume_key;
  });
}

void sender_book::forget(std::uint32_t owner, std::uint64_t resume_key) {
  rest(owner, resume_key);
  for (sender& s : senders_) {
    if (s.who.owner == owner && s.who.resume_key == resume_key) s.who.resume_key = 0;
  }
}

void sender_book::forget_all_of(std::uint32_t owner) {
  std::erase_if(senders_, [&](const sender& s) { return !s.alive && s.who.owner == owner; });
  for (sender& s : senders_) {
    if (s.who.owner == owner) s.who.resume_key = 0;
  }
}

}  // namespace bulkhead::os
