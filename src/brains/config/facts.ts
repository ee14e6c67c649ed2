/**
 * What is so, whoever says it: the answers to "why?", "tell me more", "how often?", "that's too hard" and "that's too
 * easy" for each topic. Each voice puts a lead of its own before them, so they are plain statements without a tone.
 * Material, hence long. A topic without facts goes on with another of its replies.
 */
import type { ReplyName } from './voice.ts'

export interface Facts {
  /** The topic as a noun: "we talked about …". */
  label: string
  why?: string
  /** Said one after the other. */
  more?: readonly string[]
  /** How often, how long, how many. */
  dose?: string
  easier?: string
  harder?: string
}

export const FACTS: Partial<Record<ReplyName, Facts>> = {
  squat: {
    label: 'squats',
    why: 'The squat trains thighs, glutes and trunk in one movement, and it is the movement behind chairs, stairs and lifting things off the floor.',
    more: [
      'The usual faults are heels that lift and knees that fall inwards. Press the whole foot into the floor, and think of spreading it apart.',
      'Depth comes with practice: go as low as you can while the lower back keeps its shape, and add a little each week.',
    ],
    dose: 'Three sets of 8 to 12, two or three times a week, with a minute or two between sets. Stop each set with two good ones left.',
    easier:
      'Use a chair: sit down slowly over three seconds, stand up again. When three sets of ten feel light, take the chair away.',
    harder:
      'Slow it down to four seconds on the way, pause at the bottom, or hold a weight at your chest. After that, try split squats.',
  },
  pushup: {
    label: 'push-ups',
    why: 'A push-up works chest, shoulders, triceps and trunk together, needs no equipment, and fits any level by changing how steep the body is.',
    more: [
      'Elbows point back at about 45 degrees rather than straight out, which is kinder to the shoulders. Hips and chest rise together.',
      'If the hips sag, the set is over. Squeeze the glutes before the first one and keep them tight.',
    ],
    dose: 'Three sets, each ending two short of your most, three days a week. From five to fifteen in a set is a good working range.',
    easier:
      'Put your hands on a table or a wall. Lower the surface every week or two, and the floor will come by itself.',
    harder:
      'Raise your feet on a step, bring the hands closer together, or take three seconds down and one second still at the bottom.',
  },
  plank: {
    label: 'planks',
    why: 'The plank teaches the trunk to hold the spine still while arms and legs work, which is what it has to do in nearly every lift and run.',
    more: [
      'Most planks fail at the hips. Tuck the tailbone under a little, squeeze the glutes, and keep breathing.',
      'Side planks complete it: they train the muscles that keep you from tipping sideways. Fifteen seconds a side is a fine start.',
    ],
    dose: 'Three holds of 20 to 40 seconds, three days a week. Past a minute a harder variation gives more than more time.',
    easier:
      'Hold it on your knees, or with your hands on a bench. Ten tidy seconds, five times over, is a real session.',
    harder: 'Lift one foot at a time, or slide the elbows a hand further forward. Both make thirty seconds feel long.',
  },
  deadlift: {
    label: 'deadlifts',
    why: 'The deadlift trains the whole back of the body and teaches how to lift things from the floor with the hips rather than the spine.',
    more: [
      'Before the bar leaves the floor, pull its slack out: arms straight, chest up, weight mid-foot. Then push the floor away.',
      'The bar stays close enough to brush the legs. If it drifts forward, the lower back pays for it.',
    ],
    dose: 'Two or three sets of five to eight, once or twice a week. It tires the whole body, so it needs less than other lifts.',
    easier:
      'Learn the hinge first: a broomstick along your back that touches head, upper back and tailbone, and hips that go straight back.',
    harder:
      'Add the smallest plates you have each week while the shape holds, or pause for a second just below the knee.',
  },
  pullup: {
    label: 'pull-ups',
    why: 'Pulling your own weight up trains back, arms and grip at once, and it balances all the pushing and sitting of a normal week.',
    more: [
      'Start every one from a full hang with the shoulders pulled down, and bring the chest, not the chin, towards the bar.',
      'Frequent small sets work better than one hard one: two or three at a time, several times a day, never to the limit.',
    ],
    dose: 'Three to five sets, three days a week, each ending one short of failure. Three minutes between sets is not too long.',
    easier:
      'Step up to the top and lower yourself over five seconds. When five of those are easy, your first pull-up is near.',
    harder: 'Pause at the top, slow the way down to four seconds, or carry a small weight.',
  },
  lunge: {
    label: 'lunges',
    why: 'Lunges train each leg alone, which shows and mends the difference between sides, and they train balance at the same time.',
    more: [
      'Stepping backwards is kinder to the knees than stepping forwards. Keep most of the weight on the front heel.',
      'Take steps as wide as your hips, as if on two rails: most wobbling comes from walking a tightrope.',
    ],
    dose: 'Two or three sets of eight on each side, twice a week.',
    easier: 'Hold on to a wall or a chair, and go only half as deep.',
    harder: 'Hold a weight in each hand, or put the back foot on a low step.',
  },
  core: {
    label: 'core training',
    why: 'A strong trunk lets hips and shoulders do their work without the lower back helping out. Whether the muscles show is a matter of body fat, hence mostly of food.',
    more: [
      'Three moves cover it: a plank against sagging, a side plank against tipping, and a dead bug for control.',
      'Squats, rows and carries train the trunk too. Ten minutes extra at the end of a session is plenty.',
    ],
    dose: 'Ten minutes, two or three times a week: three rounds of three exercises, 30 seconds each.',
    easier: 'Begin on your back: dead bugs with one leg at a time, lower back pressed gently to the floor.',
    harder: 'Make it slower and longer in the lever: straight legs, arms overhead, or a hollow hold.',
  },
  warmup: {
    label: 'warming up',
    why: 'Warm muscles contract faster and stretch further, joints move more smoothly, and the heart has time to catch up. The first hard minutes feel far better.',
    more: [
      'Go from general to specific: first get warm, then move the joints, then do a light version of what comes.',
      'Long still stretches are better kept for afterwards; before training, move in and out of the stretch.',
    ],
    dose: 'Five to eight minutes before every session, ten when it is cold or early.',
    easier: 'March on the spot and circle your arms for three minutes. That already counts.',
    harder: 'End with two short bursts, such as 20 seconds of quick high knees, before the real work begins.',
  },
  stretching: {
    label: 'stretching',
    why: 'Regular stretching lets joints move through more of their range with less effort. It will not undo soreness, but it calms the body down after work.',
    more: [
      'Ease in until you feel a clear pull that you can breathe with. A stretch that makes you hold your breath is too far.',
      'The best time is when the muscles are warm: after training, after a walk, or after a shower.',
    ],
    dose: 'Hold each stretch for 30 seconds, twice on each side. Five to ten minutes on most days does more than an hour on Sunday.',
    easier:
      'Bend the knees, use a towel to reach your feet, or do it lying down. Only the pull matters, not the distance.',
    harder: 'Tense the stretched muscle for five seconds, let go, and move a little deeper with the next exhale.',
  },
  yoga: {
    label: 'yoga',
    why: 'Yoga joins strength, mobility and attention to the breath in one practice, which is rare, and it needs nothing but a bit of floor.',
    more: [
      'A short sequence to learn first: cat-cow, downward dog, low lunge on both sides, and child’s pose, five breaths in each.',
      'Move with the breath: open and lift as you inhale, fold and settle as you exhale.',
    ],
    dose: 'Ten minutes on most days, or two longer sessions a week. Flexibility follows after four to six weeks.',
    easier: 'Use cushions and bent knees freely. Cat-cow and child’s pose alone make a good first week.',
    harder: 'Stay in each pose for ten slow breaths, or link the poses without a pause.',
  },
  desk: {
    label: 'sitting all day',
    why: 'Hours in one position leave hips and chest short and the upper back asleep. It is the lack of change that tires the body, not one wrong posture.',
    more: [
      'The best posture is the next one. Stand up every half hour, even for one minute.',
      'Put the screen at eye height, forearms on the desk, both feet on the floor.',
    ],
    dose: 'One minute of moving every half hour, and five minutes twice a day.',
  },
  success: {
    label: 'your success',
    why: 'What is noticed gets repeated: marking a success tells the brain that the effort was worth it, and the next start becomes easier.',
    more: [
      'Write it down with the date. On a grey day that list is better than any speech.',
      'Next time change only one thing: a little longer, or a little harder, not both.',
    ],
    dose: 'Take an easy day now, then add about ten percent at most in a week.',
  },
  missed: {
    label: 'missed sessions',
    why: 'A few missed days cost almost no fitness: strength holds for two to three weeks. What costs is not starting again.',
    more: [
      'Do not make up for it twice as hard. Take the next planned session, and make it a bit lighter.',
      'Look at what got in the way: if it was the time of day, change the time; if it was the length, halve it.',
    ],
    dose: 'After a week off, do about two thirds of what you did before. After a month, begin with half.',
  },
  doubt: {
    label: 'doubt',
    why: 'Doubt mostly compares your beginning with somebody else’s middle. Ability grows from repetition, and repetition is open to everyone.',
    more: [
      'Choose something so small that you cannot fail at it, and do it five days in a row. Trust in yourself grows from kept promises.',
      'Add the word "yet": I cannot do this yet. It sounds like a trick, and it changes what you do next.',
    ],
    dose: 'Five minutes a day for a week is enough to change how it feels.',
    easier: 'Halve it. And if that is still too much, halve it again. One repetition counts.',
  },
  motivation: {
    label: 'motivation',
    why: 'Motivation tends to come after starting, not before it. The first two minutes are the hard part; once the body is moving, going on is easy.',
    more: [
      'Tie it to something that happens anyway: after the morning coffee, before the shower. Then nobody has to decide.',
      'Put the shoes by the door tonight. Every step that is taken out of the start makes it likelier.',
    ],
    dose: 'Five minutes count. Three short sessions a week that happen beat five long ones that do not.',
    easier: 'Just put on the clothes and stand up. Anything after that is a bonus.',
  },
  tired: {
    label: 'tiredness',
    why: 'Tiredness usually comes from short sleep, too little food or water, stress, or many hard days in a row. If it lasts for weeks, have a doctor look at it.',
    more: [
      'A rule of thumb: when the head is tired, an easy walk helps; when the body is tired, rest helps.',
      'Daylight in the morning and the same bedtime for a week do more than coffee.',
    ],
    dose: 'Ten easy minutes are enough on such a day, and seven to nine hours of sleep the night after.',
    easier: 'Lie on your back, legs up a wall, five slow breaths. That is allowed to be all.',
  },
  sore: {
    label: 'muscle soreness',
    why: 'New or hard work leaves tiny changes in the muscle, and the repair is what you feel. It peaks after one or two days and means new, not better.',
    more: [
      'Easy movement helps most: a walk, light cycling, gentle circles. Sleep and enough protein do the rest.',
      'Sharp pain, swelling, or something that lasts beyond a week is not soreness: stop and see a doctor or physiotherapist.',
    ],
    dose: 'Give the sore muscles two days, train others meanwhile, and come back with about half the amount.',
  },
  short_time: {
    label: 'short workouts',
    why: 'Fitness follows what is done each week, not each day. Short sessions that happen add up, and even ten minutes raise the heart rate enough to count.',
    more: [
      'To get more out of few minutes, take two moves that use different muscles and go back and forth without a rest.',
      'Keep one short session ready in your head, so that a free ten minutes never goes into planning.',
    ],
    dose: 'Ten minutes, four or five times a week, is a solid amount.',
    easier: 'Half the pace, and rest whenever you like. The clock runs anyway.',
    harder: 'Count your rounds, and next time try for one more in the same minutes.',
  },
  home: {
    label: 'training at home',
    why: 'Muscles know effort, not equipment. Slower movements, longer ranges and one leg at a time make your own weight heavy enough for a long while.',
    more: [
      'For pulling, which is hard to do without equipment, row under a sturdy table or pull a towel around a door handle with care.',
      'Keep the same spot and the same time. A cleared two metres of floor is half the workout.',
    ],
    dose: 'Three rounds, three days a week, about 20 minutes each.',
    easier: 'Two rounds, push-ups at the wall, squats to a chair.',
    harder: 'Four rounds, three seconds down on every repetition, 30 seconds of rest.',
  },
  beginner: {
    label: 'getting started',
    why: 'Tendons and habits adapt more slowly than enthusiasm. Starting below what you can do keeps you free of injuries and makes you want to come back.',
    more: [
      'Write the three days into the calendar now. A plan without a time is only a wish.',
      'After two weeks add one set or five minutes, not both. After six weeks you will feel the difference on any stairs.',
    ],
    dose: 'Three days a week of 20 to 30 minutes, with a day between them.',
    easier: 'Begin with ten minutes of walking a day for one week, and nothing else.',
    harder: 'Add a fourth day with an easy run or ride, and a third set to each exercise.',
  },
  workout: {
    label: 'today’s workout',
    why: 'It covers the basic movements: legs, push, trunk, and something for the heart. Together they train nearly everything in little time.',
    more: [
      'Rest for a minute between rounds, and keep the last round as tidy as the first.',
      'Finish with two minutes of easy walking and a stretch for hips and chest.',
    ],
    dose: 'Three rounds take about 15 minutes. Two or three such days a week are enough.',
    easier: 'Two rounds, half the repetitions, hands on a table for the push-ups.',
    harder: 'Five rounds, or three with a weight in your hands, and only 30 seconds between them.',
  },
  running: {
    label: 'running',
    why: 'Running slowly builds the heart and the small blood vessels; bones and tendons need weeks longer than the lungs, so easy pace and patience keep you running.',
    more: [
      'The right easy pace is one at which you can speak in whole sentences. If you cannot, walk a little.',
      'Short, quick steps that land under the body are easier on the knees than long ones.',
    ],
    dose: 'Three runs a week with a day between, and no more than about ten percent added each week.',
    easier: 'One minute of running, two of walking, eight times. That is a proper session.',
    harder: 'Once a week put in six times one minute fast, two minutes easy, after a good warm-up.',
  },
  walking: {
    label: 'walking',
    why: 'Walking trains the heart gently, clears the head and costs hardly any recovery, so it can be done every single day.',
    more: [
      'A brisk pace is one at which you can talk but would rather not sing. Hills make it stronger.',
      'Tie it to something: a phone call, the way to work, ten minutes after dinner.',
    ],
    dose: 'Twenty to thirty minutes on most days. Around 7,000 to 8,000 steps already bring most of the benefit.',
    harder: 'Add hills, a backpack, or five faster stretches of one minute.',
  },
  cardio: {
    label: 'cardio',
    why: 'A trained heart moves more blood with each beat, so everything from stairs to long days costs less. It also helps sleep and mood.',
    more: [
      'Keep most of it easy enough to talk. One hard session a week is plenty, two are the limit.',
      'For joints that complain, cycling, rowing and swimming train the same heart without the impact.',
    ],
    dose: 'About 150 easy minutes a week, or half of that if it is hard, in any portions you like.',
    easier: 'Brisk walking with arms that swing is cardio. Start with ten minutes.',
    harder: 'Try four times four minutes hard with three minutes easy between them, once a week.',
  },
  strength: {
    label: 'strength training',
    why: 'Muscle grows when it meets a little more than it is used to, and then gets food and sleep. It also protects joints, bones and independence later on.',
    more: [
      'Progress is simple: when you reach the top of the range in all sets, add the smallest weight next time.',
      'Choose few big movements: a squat, a hinge, a push, a pull, a carry. The rest is decoration.',
    ],
    dose: 'Two or three sessions a week, three sets of 8 to 12 for each movement, ending with one or two left.',
    easier: 'Start with your own weight or very light ones for two weeks, and only learn the movements.',
    harder: 'Slow the lowering down, pause at the hardest point, or go to heavier sets of five.',
  },
  weight_loss: {
    label: 'losing weight',
    why: 'Weight follows the balance of many weeks. A small gap keeps muscle, mood and sleep, and so it can be kept up, which is what decides.',
    more: [
      'Three habits that carry most of it: protein at every meal, vegetables on half the plate, a walk every day.',
      'Weigh yourself on several mornings and look at the weekly mean. Single days are mostly water.',
    ],
    dose: 'Half a kilo a week is a good pace, a bit less is fine too. Two strength sessions a week keep the muscle.',
    easier: 'Change one thing: water or tea in place of sweet drinks. Keep that for two weeks.',
  },
  protein: {
    label: 'protein',
    why: 'Protein is what muscle is rebuilt from after training, and of all foods it keeps you full the longest.',
    more: [
      'Good sources: eggs, yoghurt, fish, chicken, tofu, lentils and beans. Shakes are only a convenience.',
      'Spread it over the day; a palm-sized portion with each meal does it without counting.',
    ],
    dose: 'For people who train, about 1.2 to 1.6 grams per kilo of body weight a day. With kidney trouble ask a doctor first.',
  },
  supplements: {
    label: 'supplements',
    why: 'Most supplements do little beside food, sleep and training. Creatine is the well-studied exception for strength; vitamin D matters for those who lack it.',
    more: [
      'Before you take anything regularly, ask a doctor or pharmacist, above all when you take medicine.',
      'Look for independent testing on the label, and distrust anything that promises speed.',
    ],
  },
  hydration: {
    label: 'drinking enough',
    why: 'Even a small lack of water makes the heart work harder and the head slower. You notice it first as tiredness.',
    more: [
      'Pale yellow urine is the simplest sign that it is enough.',
      'Past an hour of sweating, some salt and carbohydrate in the drink help.',
    ],
    dose: 'Around two litres a day from drinks, more in heat, plus a few mouthfuls every 15 minutes of training.',
  },
  nutrition: {
    label: 'eating well',
    why: 'Regular, plain meals keep energy even and leave less room for cravings. No single food decides; the pattern of the week does.',
    more: [
      'A plate that nearly always works: half vegetables, a quarter protein, a quarter grains or potatoes, a little fat.',
      'Around training: something light with carbohydrates one to two hours before, protein within a few hours after.',
    ],
    dose: 'Three meals and perhaps a snack suit most people. How much depends on you; a dietitian can work it out properly.',
    easier: 'Begin with one meal, breakfast for example, and make just that one good for two weeks.',
  },
  sleep: {
    label: 'sleep',
    why: 'Sleep is when muscle is rebuilt and the day is sorted. The body clock learns from light and from regular times, more than from effort.',
    more: [
      'If you lie awake for 20 minutes, get up, sit somewhere dim, and go back when you are sleepy.',
      'No caffeine after early afternoon, a cool and dark room, and the telephone outside of it. If it goes on for weeks, talk to a doctor.',
    ],
    dose: 'Seven to nine hours for most adults, with the same time to get up every day.',
    easier: 'Change only one thing tonight: lights low and screens away for the last half hour.',
  },
  rest_day: {
    label: 'rest days',
    why: 'Training is the signal; getting stronger happens in the rest after it. Without rest the signals pile up, and performance goes down.',
    more: [
      'Rest need not be the sofa: a walk, light stretching or an easy ride help the blood along.',
      'Signs of too little rest: poor sleep, a higher pulse in the morning, and no joy in training.',
    ],
    dose: 'At least one or two days a week, and 48 hours before the same muscles are trained hard again.',
  },
  breathing: {
    label: 'breathing',
    why: 'A long exhale slows the heart through the vagus nerve. It is the one part of the stress response that can be steered by will.',
    more: [
      'Let the belly move rather than the shoulders. A hand on it shows you whether it does.',
      'For quick relief, take two inhales through the nose, one on top of the other, and a long exhale. Two or three times are enough.',
    ],
    dose: 'Three to five minutes, once or twice a day, and a minute whenever it is needed.',
    easier: 'Just make each exhale a little longer than the inhale. No counting.',
    harder: 'Lengthen it slowly: five seconds in, seven out, for ten minutes.',
  },
  meditation: {
    label: 'meditation',
    why: 'Meditation trains attention: each time you notice that the mind has wandered and come back, that is one repetition. It makes thoughts easier to let pass.',
    more: [
      'Thoughts are not a failure. Note "thinking", and come back to the next breath.',
      'The same chair and the same time each day help more than long sittings.',
    ],
    dose: 'Five minutes a day to begin with. After two weeks, ten.',
    easier: 'Listen to the sounds around you for one minute, without naming them. That is meditation already.',
    harder: 'Sit for fifteen minutes, and let the attention rest on the whole body instead of the breath.',
  },
  stress: {
    label: 'stress',
    why: 'Stress readies the body for action that never comes. Moving, or a long exhale, tells it that the moment has passed.',
    more: [
      'Write down everything on your mind, then mark what can be done today. The rest has a place now and may wait.',
      'A short walk outside without the telephone lowers tension within minutes. If it stays for weeks, talk to somebody trained for it.',
    ],
    dose: 'A minute of slow breathing several times a day does more than half an hour once a week.',
    easier: 'Drop the shoulders, unclench the jaw, breathe out once, slowly. That is enough for now.',
  },
  sad: {
    label: 'how you feel',
    why: 'Low spells have many causes, and often several at once: too little sleep, too much alone, a loss, a long strain. None of them is a fault.',
    more: [
      'Small things help a little, and a little counts: daylight, a walk, something warm to eat, one message to a friend.',
      'If it stays for more than two weeks or gets darker, please talk to a doctor or a counsellor. That is what they are there for.',
    ],
  },
  angry: {
    label: 'anger',
    why: 'Anger brings a great deal of energy into the body very fast. Once it has somewhere to go, thinking gets easier again.',
    more: [
      'Wait with the message. Write it, leave it for an hour, then read it again.',
      'Ask what it protects: often there is something tired, hurt or unfair beneath it.',
    ],
  },
  bored: {
    label: 'boredom',
    why: 'Once the body knows something by heart, the head wanders off. A small change is enough to bring it back.',
    more: [
      'Take one thing you have never tried and do it badly for ten minutes. That is how all hobbies begin.',
      'Somebody to do it with is the best cure there is.',
    ],
  },
  progress: {
    label: 'progress',
    why: 'The body adapts to what it knows. When load, amount or rest never change, it has no reason to change either.',
    more: [
      'Check in this order: sleep, food, then the plan. In two cases out of three it is one of the first two.',
      'Take one lighter week, then raise a single thing, such as the weight or the number of sets.',
    ],
    dose: 'Strength shows after four to six weeks, looks after eight to twelve. Measure every two weeks, not every day.',
  },
  goals: {
    label: 'your goals',
    why: 'A goal with a number and a date can be planned backwards. What matters from day to day, though, is the small action, since that is the part you control.',
    more: [
      'Write it as: I will do this, on these days, at this time. Then tell one person.',
      'Set the next step at a size that you are nine-out-of-ten sure to manage.',
    ],
    dose: 'One main goal for eight to twelve weeks, looked at once a week.',
    easier: 'Forget the number for now: choose the days, and only count whether you showed up.',
  },
  schedule: {
    label: 'your schedule',
    why: 'Spreading the work gives each muscle a day or two to recover, and regular days turn into habit. The best time of day is the one that stays free.',
    more: [
      'A week that works: strength on Monday and Thursday, something for the heart on Saturday, walks in between.',
      'Mornings have fewer surprises; in the evening the body is warmer and a bit stronger. Both work.',
    ],
    dose: 'Two or three strength sessions and two or three of cardio a week, 30 to 45 minutes each, are plenty for health.',
    easier: 'Two days a week. It keeps and even builds a good deal.',
  },
  pain: {
    label: 'the pain',
    why: 'Pain is the body’s alarm, and a chat cannot see what set it off. Going on can turn a matter of days into one of months, so stop, and let a doctor or physiotherapist look at it.',
    more: [
      'Until a professional has seen it: stop what causes it, rest it, and do not test it over and over.',
      'If it is severe, follows a fall, comes with numbness or swelling, or is in the chest, see a doctor today and do not train.',
    ],
    dose: 'Stop until it is checked: a doctor or physiotherapist can say how long the rest should be. I cannot judge that from here.',
  },
  sick: {
    label: 'being ill',
    why: 'A body that fights an infection has nothing to spare, and hard training with a fever can harm the heart.',
    more: [
      'Drink, sleep, eat what goes down. If it gets worse or lasts, see a doctor.',
      'Coming back: half of your usual amount for the first two or three days.',
    ],
    dose: 'Wait until you have been free of fever for at least two days, then start with a walk.',
  },
  medical: {
    label: 'a medical matter',
    why: 'What is safe depends on findings that only your doctor has. General advice could be wrong for you.',
    more: ['Good questions to bring: what may I do, what must I avoid, and which signs mean stop?'],
    dose: 'That is for your doctor to say, who knows the findings.',
  },
  crash_diet: {
    label: 'eating too little',
    why: 'Severe restriction costs muscle, sleep, mood and in the end health, and the weight mostly returns.',
    more: ['A dietitian or your doctor can make a plan that is both safe and kind.'],
  },
  emergency: {
    label: 'an emergency',
    why: 'Such signs can be serious, and minutes count. Please call your local emergency number rather than waiting.',
    more: ['If it is happening now, call your local emergency number, and stay with somebody.'],
  },
  crisis: {
    label: 'how you feel',
    why: 'Because you matter, and a person beside you can help in ways that a program cannot. Please reach out to somebody now.',
    more: [
      'Please call your local emergency number or a crisis line, and stay near somebody you trust. In the US and Canada, 988 answers day and night; in the UK and Ireland, 116 123.',
    ],
  },
  fallback: {
    label: 'something I could not answer',
    why: 'No language model is connected here. I answer from prepared material, so beyond that I would only be making things up.',
    more: [
      'To get answers to anything, set a provider key such as OPENAI_API_KEY where the service runs, choose that brain with ACTIVE_BRAIN, and start it again.',
    ],
  },
  code: { label: 'code' },
  python: { label: 'Python' },
  equipment: { label: 'equipment' },
  coffee: { label: 'coffee' },
  alcohol: { label: 'alcohol' },
  myth: { label: 'pain and effort' },
  late: { label: 'being late' },
  set_rest: { label: 'rest between sets' },
  exercise_order: { label: 'the order of training' },
  arithmetic: { label: 'sums' },
  count: { label: 'counting' },
  language: { label: 'languages' },
  weather: { label: 'the weather' },
  news: { label: 'the news' },
  clock: { label: 'the time' },
  packing: { label: 'packing' },
  shopping: { label: 'shopping' },
  cooking: { label: 'cooking' },
  plan_day: { label: 'planning your day' },
  focus: { label: 'getting things done' },
  decision: { label: 'a decision' },
  joke: { label: 'jokes' },
  fun_fact: { label: 'curious facts' },
  story: { label: 'stories' },
  poem: { label: 'poems' },
  note: { label: 'a card' },
  email: { label: 'an e-mail' },
  gift: { label: 'presents' },
  recommend: { label: 'recommendations' },
  money: { label: 'money' },
  friends: { label: 'people' },
  interview: { label: 'applying' },
  meaning: { label: 'the meaning of life' },
  real_model: { label: 'connecting a model' },
  service: {
    label: 'Repartee',
    why: 'Because a reply should not be lost when a train goes into a tunnel. Here the turn goes on without you and is complete when you come back.',
    more: [
      'Personas are Markdown files, brains are set by environment variables, and sessions live in Redis or in an SQLite file.',
      'Clients can talk to it over SSE, WebSocket or Socket.IO, and through an OpenAI-compatible API.',
    ],
  },
  streaming: {
    label: 'streaming',
    why: 'Reading can start with the first word, so a long answer feels quick. And since each token is kept with its number, nothing has to be said twice.',
    more: [
      'Every event has an offset. A client that comes back says which it saw last and gets exactly what came after.',
      'You can try it: ask me for a story, reload the page in the middle, and watch it go on.',
    ],
  },
}
