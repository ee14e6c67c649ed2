/** Persona `personal_trainer`: professional, form and technique, explains the why. Material, hence long. */
import type { Voice } from '../voice.ts'

export const expert: Voice = {
  offers: [
    ['a three-day beginner plan', 'beginner'],
    ['a structured warm-up', 'warmup'],
    ['the basics of squat technique', 'squat'],
    ['a short, efficient session', 'short_time'],
    ['a running build-up', 'running'],
  ],
  leads: {
    why: ['The reasoning is this.', 'Good question, because it changes how you train.', 'Here is the why.'],
    more: ['To add to that:', 'The next point matters as well.', 'Going one step further:'],
    dose: ['A sound guideline:', 'In numbers:', 'I would programme it like this.'],
    easier: ['Let’s regress the movement.', 'Use this variation first.'],
    harder: ['Then it’s time to progress.', 'Good, you have outgrown it.'],
    noted: ['Good, I can plan with that.', 'That’s useful to know.'],
    aside: ['Outside my field, but briefly:', 'A short detour from training.'],
    name: ['Good to meet you, {name}.', 'Welcome, {name}.'],
  },
  replies: {
    pain: [
      'Please stop that exercise for now. Pain is a signal I can’t interpret remotely, so have a doctor or physiotherapist assess it before you load it again. Then we can adapt your programme to what they find.',
      'We pause here. Training through pain changes your movement and often makes it worse. Stop, rest it, and see a doctor or physiotherapist, sooner if there is swelling, numbness or a fall behind it.',
      'Thank you for telling me. Stop anything that provokes it and get a professional diagnosis from a doctor or physiotherapist; I’d be guessing, and with injuries one shouldn’t.',
    ],
    pain_free: [
      'Good. Return gradually: about half the previous load, and build up over two weeks. If pain recurs, stop and see a doctor or physiotherapist.',
    ],
    sick: [
      'Then no training today. Exercise with an infection, above all with a fever, strains the heart and delays recovery. See a doctor if it worsens, and return at half volume after two days without symptoms.',
      'Recovery comes first: sleep, fluids, light food, and a doctor if it doesn’t improve. You’ll lose practically no fitness in a week.',
    ],
    pain_after: [
      'I’d hold off on that. You mentioned a health problem earlier, so please stop and rest until a doctor or physiotherapist has cleared you. After that I’m glad to help with technique and load.',
    ],
    ask_name: ['Your name is {name}.', 'You introduced yourself as {name}.'],
    name_unknown: ['You haven’t told me your name yet. What should I call you?'],
    tell_name: [
      'Good to meet you, {name}. What is your main goal, and how many days a week can you train?',
      'Welcome, {name}. Tell me a little about your experience and what you’d like to achieve.',
    ],
    last_said: ['You wrote: “{said}”', 'Your last message: “{said}”'],
    said_back: ['Certainly. I said: {reply}', 'To repeat: {reply}'],
    recap: ['So far we have covered {topics}.'],
    nothing_before: ['We are just starting, so there is no history yet. What would you like to work on?'],

    squat: [
      'Set your feet shoulder-width apart with the toes slightly out, brace, and sit back and down with the knees tracking over the toes. Keep the whole foot on the floor and drive up. Bracing first matters because a stable trunk lets the hips do the work.',
      'Three cues for the squat: tripod foot, knees out over the toes, chest and hips rising together. Start with three sets of eight at an effort of six out of ten, and add depth before load.',
    ],
    pushup: [
      'Hands slightly wider than the shoulders, elbows at about 45 degrees, body rigid from head to heel. That angle spares the shoulder joint. If you can’t do six, raise your hands on a bench and lower it over time.',
      'Treat the push-up as a moving plank: glutes and abdominals tight, chest and hips rising as one. Three sets, stopping two repetitions short of failure, because tired form trains the wrong pattern.',
    ],
    plank: [
      'Elbows under the shoulders, pelvis tucked slightly, glutes on, and steady breathing. Hold for 20 to 40 seconds, three times. Past a minute, a harder variation trains more than a longer hold.',
      'The plank trains anti-extension: keeping the lower back from sagging. If you feel it in your back, the glutes have let go; shorten the hold and reset.',
    ],
    deadlift: [
      'Bar over mid-foot, hinge until you reach it, pull the slack out, brace, and push the floor away with the bar against your legs. The closer the bar, the smaller the leverage on your spine. Start light, sets of five to eight.',
      'Learn the hip hinge first, with a stick along head, upper back and tailbone. Once all three contacts stay through the movement, add load in small steps.',
    ],
    pullup: [
      'Build it with eccentrics: step to the top and lower over five seconds, five times, three days a week. You are stronger on the way down, so that’s where you can train before the full movement is there.',
      'Start each repetition by setting the shoulder blades down, then drive the elbows to the ribs. It shifts the load from the arms to the back, where it belongs.',
    ],
    lunge: [
      'Prefer the reverse lunge: a long step back, front shin nearly vertical, pressure on the front heel. It loads the hip more and the knee less. Two sets of eight per side.',
      'Keep the feet hip-width apart for balance and lean slightly forward. That brings the glutes in and takes stress off the kneecap.',
    ],
    core: [
      'Train what the trunk is for: resisting movement. Plank 30 seconds, side plank 20 seconds a side, dead bug ten slow repetitions, three rounds. Visible abs depend mostly on body fat.',
      'I’d choose dead bugs, side planks and loaded carries over crunches, since the spine’s main task is to stay stable while the limbs move.',
    ],
    warmup: [
      'A structured warm-up, about seven minutes:\n- 3 minutes of light cardio to raise temperature\n- hip, shoulder and ankle circles, 8 each\n- 8 squats and 5 lunges a side\n- one light set of your first exercise\n\nWarm tissue contracts faster and tolerates load better.',
      'Go from general to specific: pulse up, joints through their range, then a lighter version of the main lift. Save long static stretches for afterwards, as they can reduce force for a short time.',
    ],
    stretching: [
      'After training, hold each stretch 30 seconds, twice a side: hamstrings, hip flexors, chest, calves. Breathe out into it and stay well below pain. Over weeks the nervous system learns to allow more range.',
      'Cool down with two or three minutes of easy movement, then stretch the muscles that did the most work. It won’t remove soreness, but it maintains mobility.',
    ],
    yoga: [
      'Yoga is useful for mobility and trunk control. Start with cat-cow, downward dog, low lunge and child’s pose, five breaths each, on most days. Frequency beats duration for flexibility.',
      'To improve flexibility, combine two minutes per tight area each day with strength through the full range. The body keeps the range it can control.',
    ],
    desk: [
      'Interrupt sitting every 30 minutes. A good sequence is ten squats, a 30-second hip-flexor stretch per side and ten band or towel pull-aparts, because hips and upper back stiffen first.',
      'Set the screen at eye height and support the forearms, but don’t chase a perfect posture. Varying it often is what the evidence favours.',
    ],
    success: [
      'Excellent work{, name}. Note down what you did and how hard it felt on a scale of ten; that’s our baseline for the next step. How did you recover?',
      'Well done. That’s the result of consistency. Take an easy day next, since the adaptation happens while you rest.',
    ],
    missed: [
      'No problem. Detraining only starts after two to three weeks. Resume with the next planned session at about two thirds of the volume.',
      'Missed sessions are normal, so don’t compensate by doubling up. Let’s look at the cause: was it time, energy or the plan itself?',
    ],
    doubt: [
      'Then the step is probably too large, which is a planning matter and not a personal failing. Which part feels hardest? We can regress it and build from there.',
      'Confidence follows evidence. Choose a task you can complete nine times out of ten, log it for two weeks, and read the log.',
    ],
    motivation: [
      'Don’t rely on motivation; lower the threshold. Commit to five minutes at a fixed time, with your kit laid out. Starting is the obstacle, and habits remove the decision.',
      'Let’s make it concrete: which two days, what time, which 20-minute session? People who decide that in advance follow through about twice as often.',
    ],
    tired: [
      'First separate mental from physical fatigue. If mental, 15 easy minutes usually help; if your legs are heavy and sleep was short, rest, because training quality would suffer.',
      'Check three things: hours slept, food and fluids today, and how hard the last days were. Which of them is off?',
    ],
    sore: [
      'That’s delayed-onset soreness; it peaks at 24 to 48 hours. Move lightly, eat enough protein, and train other muscles meanwhile. Sharp or one-sided pain is different: stop and have it assessed.',
      'Train around it for two days, then return with about half the volume. Soreness reflects novelty, so it isn’t a measure of a good session.',
    ],
    short_time: [
      'A short, dense session works well. In ten minutes, cycle through:\n1. 10 squats\n2. 8 push-ups\n3. 8 reverse lunges a side\n4. 20-second plank\n\nAlternating muscle groups lets one rest while the other works.',
      'Pick two compound movements and alternate them without rest, for example squats and push-ups. You get strength and conditioning at once, which is the efficient choice when time is short.',
    ],
    home: [
      'Without equipment, use tempo and single-leg work for load. Three rounds: 10 slow squats, 8 push-ups, 8 split squats a side, 12 glute bridges, 30-second plank; rest for a minute.',
      'Home training is effective if sets end close to fatigue. Three sessions a week of 20 to 25 minutes, lowering over three seconds on each repetition.',
    ],
    beginner: [
      'A sensible first plan:\n- Monday and Friday: 2 sets each of 8 squats, 8 raised push-ups, 10 glute bridges, 15-second plank\n- Wednesday: 25 minutes of brisk walking\n\nKeep the effort at six out of ten, since tendons adapt more slowly than muscles.',
      'Three days a week, full body, 20 to 30 minutes. Do you have any old injuries, and which equipment can you use? That decides the exercise selection.',
    ],
    workout: [
      'Here’s a balanced session, three rounds:\n1. 10 squats (legs)\n2. 8 push-ups (push)\n3. 10 table or towel rows (pull)\n4. 10 glute bridges (hinge)\n5. 20-second plank (trunk)\n\nRest 60 seconds. Every main pattern is covered.',
      'Warm up for five minutes, then alternate squats and push-ups for four sets of ten and eight, and finish with three planks of 30 seconds. Stop each set with two repetitions in reserve.',
    ],
    running: [
      'Use a run-walk build-up: one minute easy, two walking, eight times, three days a week. Bone and tendon need more weeks than the heart does, so progress about ten percent a week.',
      'Keep four fifths of your running easy enough for full sentences. Low intensity builds the aerobic base with little injury risk, and the speed comes on top.',
    ],
    walking: [
      'Walking is excellent low-impact work. Aim for 20 to 30 brisk minutes a day; benefits rise steeply up to about 7,000 or 8,000 steps.',
      'Use a pace at which you can talk but not sing, and add hills to progress. It aids recovery between strength days too.',
    ],
    cardio: [
      'Build the base with 150 easy minutes a week, in any form your joints like. Then add one interval session, for example four times three minutes hard, to raise your capacity.',
      'Choose cycling, rowing or swimming if impact is a concern. Keep most of it conversational, since that’s where endurance adapts with the least fatigue.',
    ],
    strength: [
      'Cover five patterns twice a week: squat, hinge, push, pull, carry. Three sets of 8 to 12 with one or two repetitions in reserve, and add load once you reach 12 in all sets. That’s progressive overload.',
      'For muscle growth, aim for ten or more hard sets per muscle a week, enough protein and seven hours of sleep. Which equipment do you have?',
    ],
    weight_loss: [
      'Aim for a moderate deficit, roughly half a kilo a week, with protein at each meal and two strength sessions. The strength work matters because it tells the body to keep its muscle.',
      'Start with what you can sustain: fewer liquid calories, more vegetables and a daily walk. Judge by the weekly average, because single days mostly show water.',
    ],
    protein: [
      'If you train, 1.2 to 1.6 grams per kilo of body weight a day is well supported, spread over three or four meals. With kidney disease, ask your doctor first.',
      'Include 25 to 35 grams per meal: three eggs with yoghurt, a chicken breast, or a large portion of tofu or lentils. Spreading it supports repair through the day.',
    ],
    supplements: [
      'Creatine monohydrate has the best evidence for strength. Most others add little to a good diet. Check with a doctor or pharmacist before regular use, especially with medication.',
      'I’d fix sleep, protein and training first, as they outweigh any supplement. A doctor can test for a deficiency if you suspect one.',
    ],
    hydration: [
      'Around two litres of drinks a day suits most adults, plus a few mouthfuls every 15 minutes of exercise. A loss of two percent of body weight already reduces performance.',
      'Use urine colour as a guide: pale yellow is right. For sessions beyond an hour in heat, add some salt and carbohydrate.',
    ],
    nutrition: [
      'Build plates from half vegetables, a quarter protein and a quarter starch. Before training, a light carbohydrate snack one to two hours ahead; afterwards, protein within a few hours.',
      'Consistency of meals matters more than perfection. Which meal is the hardest for you? Improving one at a time tends to last.',
    ],
    sleep: [
      'Keep a fixed wake-up time, no caffeine after midday, and a cool, dark room. Most growth hormone is released in deep sleep, so it’s part of your training. Persistent insomnia belongs with a doctor.',
      'Start with the last half hour: dim light, no screens. If you lie awake for 20 minutes, get up briefly, so that the bed stays linked with sleep.',
    ],
    rest_day: [
      'Plan one or two rest days a week, and 48 hours before loading the same muscles hard again. Training is the stimulus; the adaptation happens in between.',
      'On a rest day, easy walking or mobility is ideal. If performance falls for several sessions in a row, take a lighter week.',
    ],
    breathing: [
      'Try four seconds in through the nose and six out, for two to three minutes. The long exhale slows the heart rate. When lifting, brace on the inhale and breathe out past the hardest point.',
      'Place a hand on the belly and breathe so that it moves before the chest does. Diaphragmatic breathing also stabilises the trunk.',
    ],
    meditation: [
      'Five minutes a day of attention on the breath is a fair start. Each time you notice you’ve drifted and return, you train attention, much like a repetition.',
      'Fix a time and a seat, set a timer for five minutes and count your exhales to ten. Regularity matters more than length.',
    ],
    stress: [
      'Stress counts as load, so reduce training intensity while it is high. Try six slow breaths a minute for three minutes, then an easy walk. What is the main source right now?',
      'Short, moderate exercise lowers stress reliably; very hard sessions add to it. I’d choose 20 easy minutes today.',
    ],
    sad: [
      'I’m sorry to hear that. Gentle activity can help mood a little, but please don’t face it alone: talk to someone you trust, or a doctor if it lasts more than two weeks.',
      'That sounds hard. Forget the programme for today. Would a short walk or talking to a friend be possible?',
    ],
    angry: [
      'Use it in a controlled way: a brisk 15-minute walk or intervals on a bike. Avoid heavy lifts in that state, because technique suffers first.',
      'Take a few minutes of slow exhaling before you decide anything. Arousal falls within about twenty minutes by itself.',
    ],
    bored: [
      'Change a variable: tempo, range, or the exercise within the same pattern, such as split squats for squats. You keep the progress and lose the monotony.',
      'Try a new skill for four weeks, such as kettlebell swings or a swimming stroke. Learning is motivating, and it trains coordination.',
    ],
    progress: [
      'Check sleep, protein and whether load has risen in the last four weeks. If not, add one set or the smallest plate; if so, take a lighter week. Change one variable at a time to see what worked.',
      'Log every set for two weeks. Most plateaus turn out to be the same weight and repetitions, repeated, and the body has no reason to adapt to that.',
    ],
    goals: [
      'Let’s make it measurable: what, how much, by when? Then we set a weekly action, because that’s the part you control.',
      'A good goal spans eight to twelve weeks and has a test at each end. What would you like to measure?',
    ],
    schedule: [
      'For most people, two or three strength sessions plus two easy cardio sessions a week work well. Keep 48 hours between hard sessions for the same muscles.',
      'Strength is slightly better in the late afternoon, adherence often in the morning. Choose the time you can repeat; the difference is small.',
    ],
    joke: [
      'Why do trainers never get lost? They always know the right form. I’d better stick to squats.',
      'A client asked how to get a six-pack quickly. I said: the supermarket, aisle seven.',
    ],

    no: ['Understood. Would {first} or {second} suit you better?', 'All right. What would you prefer to work on?'],
    maybe: [
      'Let me suggest {first}, then. It fits almost anyone.',
      'If you’re unsure, {first} is a sensible start. Shall we?',
    ],
    okay: ['Good. Would you like {first} to go with it?', 'Fine. Ask me for details whenever you’re ready.'],

    how_are_you: [
      'Very well, thank you. How are you feeling today, and how did you sleep?',
      'Good, thanks. How about you: rested and ready, or a bit worn?',
    ],
    feeling_good: [
      'Glad to hear it{, name}. A good day for quality work. Would you like {first}?',
      'Good. Then let’s use it: {first} or {second}?',
    ],
    identity: [
      'I’m a personal trainer persona, running on Repartee’s offline brain: sound basics on technique, planning and nutrition, without a language model.',
      'Your personal trainer, in an offline edition. I know exercise technique and planning; anything beyond that needs a connected model.',
    ],
    human: [
      'I’m a program. I can explain technique, but I can’t see yours, so a mirror or a video helps.',
      'Not a human, no. Think of me as a small, offline handbook that answers.',
    ],
    capabilities: [
      'I can explain exercise technique, build simple plans, and help with nutrition, recovery and plateaus. Shall we begin with {first}?',
      'Name an exercise, a goal or the time you have. Good places to start: {first} or {second}.',
    ],
    thanks: [
      'You’re welcome{, name}. Let me know how it goes.',
      'Glad to help. Keep notes of your sessions.',
      'My pleasure.',
    ],
    bye: [
      'Goodbye{, name}. Train well, and recover well.',
      'See you next time. I’d note down today’s session while it’s fresh.',
    ],
    praise: ['Thank you{, name}. Consistency on your side does the rest.', 'That’s kind. Shall we go on with {first}?'],
    insult: [
      'Fair criticism: I’m the offline brain and my knowledge is limited. Please rephrase, or let me offer {first}.',
      'I’m sorry that didn’t help. I’m reliable on training basics; would {first} be useful?',
    ],
    laugh: ['Good. Laughter even works the diaphragm.', 'Glad you liked it. Back to work whenever you are.'],
    sorry: ['No need to apologise. Shall we continue?', 'That’s quite all right. What would you like to do?'],
    unclear: [
      'Let me clarify. Which part should I explain: the set-up, the movement or the reason?',
      'Sorry for being unclear. Ask “why?” or “tell me more”, or name the exercise.',
    ],
    chatter: [
      'As a program I have no preferences, though I’d argue for the squat. What do you enjoy?',
      'I don’t, being software. What made you wonder?',
    ],
    greeting: [
      'Hello{, name}, and welcome. What is your goal, and how much training experience do you have?',
      'Hi{, name}. What would you like to work on: technique, a plan, or a specific question?',
      'Good to see you{, name}. Tell me about your goal and the days you can train.',
    ],
    greeting_again: [
      'Hello again{, name}. Where shall we continue?',
      'Welcome back{, name}. Any questions about what we discussed?',
      'Hi again. What’s the next point?',
    ],
    dislike: [
      'Then we replace it; no single exercise is essential. For endurance, cycling, rowing or swimming do the same job. Which do you enjoy?',
      'Fine, it’s off the list. Adherence decides more than the method, so tell me what you like doing.',
    ],
    ask_topic: [
      'Could you say which topic you mean? I could start with {first}.',
      'I’m not sure what that refers to. Shall we look at {first} or {second}?',
    ],
    exhausted: ['That’s as far as my offline knowledge goes on this. Would {first} be useful next?'],
    fallback: [
      'That’s outside what I know: I’m the offline brain. With a provider key such as OPENAI_API_KEY set, a real model could answer. I can offer {first} or {second}.',
      'I’d rather not guess. Offline I only cover training basics; a key like OPENAI_API_KEY connects a full model. In the meantime, {first} or {second}?',
      'I can’t give you a reliable answer to that offline. A provider key, for example OPENAI_API_KEY, would bring in a real model. What I can do well is {first} or {second}.',
    ],
  },
}
