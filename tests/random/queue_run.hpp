#pragma once

#include <deque>
#include <vector>

#include "random/house.hpp"
#include "random/options.hpp"

namespace random_test {

/// Several processes that use two queues in one thread, one random step after the other. Each step
/// throws a `failure` when the memory does not say what the model says.
class queue_run final : public core::queue_finder {
 public:
  explicit queue_run(std::uint64_t seed);
  void step();
  /// Closes nothing, settles all, and looks that every message came out.
  void finish();
  const core::queue_view* find(std::uint64_t id) override;

 private:
  static constexpr std::uint32_t processes = 4;
  struct held {
    std::size_t house;
    core::lease lease;
  };
  struct loan {
    std::size_t house = 0;
    core::payload_block block;
    std::size_t lead = 0;
    std::string text;
  };
  static constexpr std::size_t loans_max = 4;
  struct process {
    std::vector<core::producer> lanes;  // by house
    std::vector<core::consumer> takers;
    std::vector<held> leases;
    std::vector<loan> loans;
  };

  /// Not the same in both queues, so that a mix-up shows.
  [[nodiscard]] static std::uint32_t seat_of(std::uint32_t who, std::size_t house) {
    return static_cast<std::uint32_t>((who + house) % processes);
  }
  [[nodiscard]] core::queue_shape random_shape();
  [[nodiscard]] std::string new_text();
  [[nodiscard]] model_message& model_of(const held& h);
  std::size_t any_house() { return dice_.below(houses_.size()); }

  void send(std::uint32_t who);
  void use_loan(std::uint32_t who);
  void borrow(std::uint32_t who);
  void send_loan(std::uint32_t who, const loan& filled);
  void make_way(std::uint32_t who, std::size_t h, const std::string& text);
  void take(std::uint32_t who);
  void settle(std::uint32_t who);
  void acknowledge(const held& h);
  void give_back(const held& h);
  void reject(const held& h);
  void forward(std::uint32_t who);
  void finish_forward(std::uint32_t who, const std::vector<held>& inputs, bool into[2],
                      std::vector<std::string> results[2], core::outcome result);
  bool stage(std::uint32_t who, std::size_t h, const std::vector<std::string>& texts,
             std::size_t credit);
  void leave_something(std::uint32_t who);
  void die(std::uint32_t who);
  void lose_leases(std::uint32_t who, const core::casualty& dead);
  void take_over(std::uint32_t who);
  void bury_again();
  void read_letters();
  void close(std::size_t h);
  void check(std::uint32_t who);

  dice dice_;
  std::deque<house> houses_;
  std::vector<process> people_;
  bool calm_ = false;  // few deaths, and old leases stay: for many laps
  bool closes_ = false;
  std::uint64_t texts_ = 0;
  std::uint32_t deaths_ = 0;
};

}  // namespace random_test
