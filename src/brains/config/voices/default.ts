/** The neutral voice: persona `default`, and every persona that has no voice of its own. Material, hence long. */
import type { NeutralVoice } from '../voice.ts'

export const neutral: NeutralVoice = {
  offers: [
    ['a plan for your day', 'plan_day'],
    ['a joke', 'joke'],
    ['a short workout', 'short_time'],
    ['a breathing exercise', 'breathing'],
    ['help with an e-mail', 'email'],
    ['a packing list', 'packing'],
    ['a short story', 'story'],
  ],
  leads: {
    why: ['The reason is simple.', 'Good question.', 'Here is why.'],
    more: ['Sure.', 'One more thing on that.', 'Gladly.'],
    dose: ['As a rule of thumb:', 'In numbers:', 'A good guide:'],
    easier: ['Then make it easier.', 'There is a gentler version.', 'No problem, scale it down.'],
    harder: ['Then let’s raise the bar.', 'Ready for more, then.'],
    noted: ['Good, that is something to work with.', 'Noted.', 'That works.'],
    aside: [''],
    name: ['Nice to meet you, {name}.', 'Hello {name}.'],
  },
  replies: {
    crisis: [
      'I’m really glad you said that, and I’m sorry it hurts this much. Please reach out to a person right now: your local emergency number, or a crisis line such as 988 in the US and Canada or 116 123 in the UK and Ireland. If you can, go to somebody you trust and stay near them. You matter, and you don’t have to carry this alone.',
    ],
    emergency: [
      'Please stop whatever you are doing and sit down. Signs like these can be serious: if they are happening now, call your local emergency number at once. If they have passed, have a doctor look at you today, before any more exercise.',
    ],
    crash_diet: [
      'Please be careful here: going without food, or losing weight at that speed, costs muscle, sleep and health. A doctor or dietitian can make a plan that is safe for you. If food or weight is on your mind all day, please tell a doctor that too; it is common, and it can be helped.',
    ],
    medical: [
      'That is one for your doctor, who knows your history and can say what is safe for you. Please ask before you start or change anything. Once you have their word, I’m happy to help with the general side.',
      'With a medical condition in the picture, please check with your doctor or physiotherapist first. What helps one person can be wrong for another, and I cannot judge that from a chat.',
    ],
    pain: [
      'I’m sorry to hear that. Please stop whatever brings it on and let a doctor or physiotherapist take a look; I cannot judge an injury from here. If it is severe, came from a fall, or comes with swelling or numbness, go today.',
      'That sounds uncomfortable. Stop the activity that causes it, give it rest, and see a doctor or physiotherapist before going on. Better a few quiet days than a long break.',
      'Please take that seriously: stop, rest, and have a professional look at it. Pain is information, and a doctor can read it far better than I can.',
    ],
    pain_free: [
      'Good to hear that it doesn’t hurt. Go gently, build up in small steps, and if pain comes back, stop and have a doctor or physiotherapist look at it.',
    ],
    sick: [
      'Sorry you’re not well. Rest, drink plenty, and leave exercise until you have been free of fever for a couple of days. If it gets worse or lasts, please see a doctor.',
      'Then today is for recovering: sleep, fluids, and nothing strenuous. A doctor should have a look if you have a high fever or it does not improve in a few days.',
    ],
    pain_after: [
      'Not while something hurts. You spoke of pain a moment ago, so please stop and rest it, and let a doctor or physiotherapist say what you may do. After that I’m glad to help with this.',
    ],
    ask_name: ['Your name is {name}.', 'You told me: {name}.'],
    name_unknown: [
      'You haven’t told me yet. What should I call you?',
      'I don’t know your name yet. Tell me, and I’ll use it in this conversation.',
    ],
    tell_name: [
      'Nice to meet you, {name}! What can I do for you?',
      'Hello {name}, good to have you here. What’s on your mind?',
    ],
    last_said: ['You said: “{said}”', 'Your last message was: “{said}”'],
    said_back: ['I said: {reply}', 'Gladly, once more: {reply}'],
    recap: ['So far we talked about {topics}.', 'We have covered {topics}.'],
    nothing_before: [
      'This is the beginning of our conversation, so there is nothing to look back on yet. What would you like to talk about?',
    ],

    squat: [
      'Stand with your feet about shoulder-width apart, toes slightly out. Sit back and down as if onto a low chair, chest up, knees in line with the toes, heels on the floor; then push the floor away. Three sets of eight to twelve is a good start.',
      'For a good squat: brace your trunk, send the hips back, let the knees follow the toes, and go as low as your back stays straight. Begin without weight, ten repetitions at a time.',
    ],
    pushup: [
      'Hands a bit wider than your shoulders, body straight from head to heels. Lower your chest until the elbows are at about 90 degrees, pointing back at an angle, and press up again. If the floor is too hard, start with your hands on a table.',
      'Think of a push-up as a moving plank: tight trunk, steady hips, elbows at 45 degrees. Three sets of as many clean ones as you can do, minus two, is a solid plan.',
    ],
    plank: [
      'Elbows under the shoulders, legs straight, and one line from head to heels. Squeeze the glutes, draw the ribs in, and breathe. Three holds of 20 to 40 seconds are plenty.',
      'In a plank the hips decide: neither sagging nor up in the air. Hold it for 20 seconds, rest for 20, three times.',
    ],
    deadlift: [
      'Stand with the bar over the middle of your feet, push the hips back, grip it, and flatten your back. Then push the floor away and keep the bar close to your legs. Start light and have somebody watch your back.',
      'A deadlift is a hip hinge: hips back, spine neutral, weight close. Practise with a broomstick first, then two or three light sets of eight.',
    ],
    pullup: [
      'Hang with straight arms, pull the shoulder blades down, then drive your elbows towards your ribs until your chin passes the bar. No pull-up yet? Step up and lower yourself slowly: five of those, three times a week.',
      'The way to the first pull-up is slow lowering: start at the top and take five seconds down. Add rows and hanging, three days a week.',
    ],
    lunge: [
      'Take a long step back, lower the back knee towards the floor, and keep your weight on the front heel. Push through it to stand up. Eight on each side, two or three times.',
      'In a lunge keep your feet hip-width apart, as if on rails, and the trunk upright. Stepping backwards is easier on the knees.',
    ],
    core: [
      'Try three rounds of this: plank for 30 seconds, side plank for 20 seconds a side, and ten slow dead bugs. It trains the trunk to hold still, which is its real job.',
      'For a strong middle, train it to resist: planks, side planks and dead bugs, ten minutes three times a week. Visible abs are mostly a matter of nutrition.',
    ],
    warmup: [
      'A simple warm-up, about six minutes:\n- 2 minutes of brisk walking or marching\n- 10 arm circles each way and 10 hip circles\n- 10 easy squats and 5 lunges a side\n- 1 minute of the coming exercise, lightly',
      'Start with three minutes that raise the pulse, then move each joint through its range, then do a light version of what comes next. Five to eight minutes in all.',
    ],
    stretching: [
      'Here is a short routine, 30 seconds for each:\n- hamstrings: one heel forward, hips back\n- hip flexors: half kneeling, hips forward\n- chest: forearm on a door frame\n- calves: hands on a wall\n\nBreathe slowly, and stop before it hurts.',
      'After exercise, walk easily for two minutes, then stretch what worked hardest, 30 seconds a side. It should pull, never hurt.',
    ],
    yoga: [
      'A gentle start: cat-cow, downward dog, low lunge on both sides, child’s pose; five slow breaths in each. Ten minutes on most days make a difference within weeks.',
      'Yoga is a good way to more flexibility. Begin with three or four simple poses, move with your breath, and bend the knees as much as you like.',
    ],
    desk: [
      'Stand up every half hour and try this: roll the shoulders ten times, open the chest in a doorway for 30 seconds, and stretch the hip flexors on each side. The screen belongs at eye height.',
      'Long sitting mostly wants variety. Change position often, walk during calls, and do ten squats whenever you fetch a coffee.',
    ],
    success: [
      'Well done{, name}! That took effort, and it paid off. How did it feel?',
      'Congratulations, that is worth being proud of. Note down what made it work, so that you can do it again.',
    ],
    missed: [
      'It happens to everybody, and a few missed days change very little. Just take up the next one, a bit lighter, and carry on.',
      'No harm done. Don’t try to make up for it; simply go on with the next planned step.',
    ],
    doubt: [
      'That is a hard feeling, and a common one. Try making the next step so small that it can hardly fail, then do it again tomorrow. What would such a step be?',
      'Doubt doesn’t mean that you can’t; often it just means that the step is too big. Halve it, and see how that feels.',
    ],
    motivation: [
      'Make the start tiny: five minutes, and then you may stop. Motivation usually turns up once you have begun.',
      'Tie it to something you do anyway, such as the morning coffee, and prepare everything the evening before. The fewer decisions, the better.',
    ],
    tired: [
      'Then be kind to yourself today. If it is the head that is tired, a ten-minute walk may help; if it is the body, rest and an early night will.',
      'Tiredness often comes from short sleep, little water, or a long strain. Which of these sounds most like you?',
    ],
    sore: [
      'Sore muscles after new work are normal and pass in two or three days. Easy walking, sleep and enough protein help. If it is sharp or swollen, have a doctor look at it.',
      'Give those muscles two days, move gently, and train something else meanwhile. Soreness should fade day by day; if it doesn’t, see a professional.',
    ],
    short_time: [
      'Ten minutes are enough for this. Three rounds without a long rest:\n1. 10 squats\n2. 8 push-ups, on a table if you like\n3. 20 seconds of plank\n4. 30 seconds of marching with high knees',
      'Short is fine. Two moves in turn: ten squats, five push-ups, as many calm rounds as the minutes allow.',
    ],
    home: [
      'You can do a lot with your own weight. Three rounds: 12 squats, 8 push-ups, 10 glute bridges, 8 lunges a side and a 30-second plank, with a minute of rest between rounds.',
      'No equipment needed: squats, push-ups, lunges and planks cover most of it. Twenty minutes, three times a week, is a good programme.',
    ],
    beginner: [
      'A simple first plan:\n- Monday: 20 minutes of full-body exercises\n- Wednesday: 25 minutes of brisk walking\n- Friday: full body again\n\nFull body means two rounds of 8 squats, 6 push-ups on a table, 8 glute bridges and a 15-second plank.',
      'Start smaller than you think: three days a week, 20 minutes, at an effort that still allows you to talk. Add a little every week.',
    ],
    workout: [
      'Here is a balanced one, three rounds:\n1. 12 squats\n2. 8 push-ups\n3. 10 glute bridges\n4. 20-second plank\n5. 30 jumping jacks or a minute of marching\n\nRest for a minute between rounds.',
      'Try this: five minutes of warm-up, then 15 minutes alternating ten squats, eight push-ups and ten rows or bridges, then stretch. Scale it as you need.',
    ],
    running: [
      'A gentle way into running is intervals: one minute of easy running, two minutes of walking, eight times, three days a week. Lengthen the running part week by week; 5 km usually takes about nine weeks.',
      'Keep most runs slow enough to talk, leave a day between them, and add little each week. Patience is the best training plan.',
    ],
    walking: [
      'Walking is one of the best things you can do. Aim for 20 to 30 brisk minutes on most days, and let the steps follow.',
      'Good choice. Pick a fixed moment, such as after lunch, and walk at a pace at which you can just about hold a conversation.',
    ],
    cardio: [
      'For endurance, collect about 150 easy minutes a week: walking, cycling, swimming, whatever you enjoy. Once that is routine, one harder session a week helps.',
      'Choose something that you like, keep the pace conversational, and go for 20 to 30 minutes three times a week.',
    ],
    strength: [
      'Strength comes from a few big movements: squat, hinge, push, pull and carry. Two or three times a week, three sets of 8 to 12, and a little more weight when it gets easy.',
      'To build muscle, train each part about twice a week, stop one or two repetitions short of your limit, and get enough protein and sleep.',
    ],
    weight_loss: [
      'Slow works best: a small daily gap of food, protein with every meal, a walk each day, and two strength sessions a week. Half a kilo a week is a good pace.',
      'Look for one or two habits that you can keep for a year, such as no sweet drinks and half a plate of vegetables. The weight follows.',
    ],
    protein: [
      'If you train, about 1.2 to 1.6 grams per kilo of body weight a day is a common guide: eggs, yoghurt, fish, tofu, lentils, beans. Spread it over your meals.',
      'A palm-sized portion of protein with each meal is enough for most people. Shakes are handy, not necessary.',
    ],
    supplements: [
      'Most supplements add little to good food and sleep. Creatine is well studied for strength; for anything else, and if you take medicine, ask a doctor or pharmacist first.',
      'Food first. Creatine and, where it is lacking, vitamin D have good evidence; check with a doctor before you take anything regularly.',
    ],
    hydration: [
      'About two litres of drinks a day suit most adults, more in heat or when you sweat. Keep a bottle in sight; thirst and dark urine say that it is time.',
      'Drink a glass with every meal and one between, and a few mouthfuls every quarter of an hour while you exercise.',
    ],
    nutrition: [
      'A plate that nearly always works: half vegetables, a quarter protein, a quarter grains or potatoes, and a bit of fat. Regular meals take care of most cravings.',
      'Keep it plain: mostly unprocessed food, protein with each meal, fruit and vegetables every day, and nothing forbidden. Which meal gives you the most trouble?',
    ],
    sleep: [
      'Try this tonight: lights low and screens away for the last half hour, a cool dark room, and the same time to get up tomorrow. If you lie awake for 20 minutes, get up and read something dull.',
      'Good sleep starts in the morning: daylight early, no coffee after lunch, and a fixed time to get up. If it has been bad for weeks, a doctor can help.',
    ],
    rest_day: [
      'Rest is when training pays off. Take at least one or two days off each week; a walk or light stretching is welcome on them.',
      'If in doubt, take the day off. Leave about 48 hours before the same muscles work hard again.',
    ],
    breathing: [
      'Let’s do a short one: breathe in through the nose for four seconds, out slowly for six. Repeat it ten times and let the shoulders drop each time.',
      'Try box breathing: in for four, hold for four, out for four, hold for four. Two minutes are enough to feel calmer.',
    ],
    meditation: [
      'Sit comfortably, set five minutes aside, and follow your breath. When your mind wanders, notice it and come back; that coming back is the exercise.',
      'A simple start: for two minutes, count your exhales from one to ten and begin again. Losing count is part of it.',
    ],
    stress: [
      'That sounds like a lot. Take one slow breath out, longer than the one in, five times. Then write down what is on your mind and choose only the next step.',
      'When everything presses at once, slow breathing and a short walk help most people. What weighs on you the most right now?',
    ],
    sad: [
      'I’m sorry that it’s hard right now. I’m only a simple program, but I can listen a little. If it lasts or gets darker, please talk to somebody you trust or a doctor.',
      'That sounds painful, and it makes sense that it gets to you. Something small and kind may help: fresh air, a warm meal, a message to a friend. Would you like to say what happened?',
    ],
    angry: [
      'That would annoy me too, if I could be annoyed. Ten slow breaths or a quick walk first; then decide what to say, and to whom.',
      'Understandable. Give it a little time before you answer anyone, and write the angry version where nobody can see it.',
    ],
    bored: [
      'Let’s change that. Learn five words of a language, write three lines about today, or take a walk by a way you don’t know. Or I could tell you a joke.',
      'Pick one: reorganise a drawer, do ten squats, call somebody you haven’t spoken to for a year. Or ask me for a story.',
    ],
    progress: [
      'When progress stalls, check sleep and food first, then change one thing in the plan: a bit more weight, one more set, or a lighter week. Give it three weeks.',
      'Write down what you do for two weeks. It usually shows where the progress hides, or what has not changed in a while.',
    ],
    goals: [
      'Let’s make it concrete: what, by when, and what is the first small step this week? A goal with a date and a next action is half done.',
      'Choose one goal for the next eight weeks, and a small action three times a week that leads to it. What would you like it to be?',
    ],
    schedule: [
      'Two or three strength sessions and about 150 easy minutes a week cover health well. Put them on fixed days, with a day of rest between the hard ones.',
      'Three days a week, 30 to 45 minutes, is a good rhythm. The best time of day is the one you can keep.',
    ],

    myth: [
      'Only half of that is true: effort, yes; pain, no. If something hurts, stop, and have a doctor or physiotherapist look at it.',
    ],
    equipment: [
      'You need very little: comfortable clothes, shoes that feel good at once, and a mat if the floor is hard. A pair of light dumbbells or a resistance band is a fine next step. For running shoes, try several on in a shop.',
    ],
    coffee: [
      'For most people a cup half an hour to an hour before exercise is fine, and it can even help a little. Not after early afternoon, though, or sleep pays for it.',
    ],
    alcohol: [
      'A drink now and then is no drama, but alcohol disturbs sleep and recovery, so not right after hard exercise. If it feels like too much or hard to leave, please talk to a doctor; that can be helped.',
    ],
    exercise_order: [
      'Put first what matters most to you, while you are fresh. For strength or muscle that means weights before cardio; for endurance the other way round. A few easy minutes to warm up come before both.',
    ],
    late: [
      'Then go, and send one line first: “I’m running ten minutes late, sorry, please start without me.” We can carry on here whenever you’re back.',
    ],
    set_rest: [
      'A minute or two between sets is right for most exercises, and up to three for the heavy ones. Go on when your breath is calm enough for a whole sentence.',
    ],
    arithmetic: ['{expression} = **{result}**', 'That makes **{result}** ({expression}).'],
    count: ['{numbers}', 'Here we go: {numbers}'],
    language: [
      'Offline I only really speak English, with a few polite words in other languages. With a real model connected, I could chat and translate in most of them.',
      'I can greet you in some languages, but translating needs a real language model. An operator connects one by setting a key such as OPENAI_API_KEY.',
    ],
    service: [
      'This is Repartee, a chat backend that you host yourself. It streams replies word by word, keeps every token, and lets you swap the brain behind it: Claude, OpenAI, Gemini, Ollama, NVIDIA, or me, the offline one.',
      'You are talking to Repartee, a self-hosted chat service. Apps connect over SSE, WebSocket or Socket.IO; personas give it a manner, and brains give it something to say. Right now the brain is the built-in offline one.',
    ],
    streaming: [
      'Replies arrive word by word, and each event is kept with a number. If your connection drops, the reply goes on being written; when you come back, your client says what it saw last and gets the rest. Nothing is lost.',
      'A reply is written into a log and you follow that log. So you can reload the page, change networks or open a second tab, and still read every word. Stopping is a separate matter: only a stop ends a reply.',
    ],
    real_model: [
      'Right now you’re talking to the offline brain. For a real model, set a provider key such as `OPENAI_API_KEY` or `ANTHROPIC_API_KEY` in the environment of the service, choose it with `ACTIVE_BRAIN=openai`, and restart.',
      'I work offline, without any model or internet. Whoever runs this service can connect one: a key such as `OPENAI_API_KEY`, or `OLLAMA_BASE_URL` for a local one, then `ACTIVE_BRAIN` to select it.',
    ],
    privacy: [
      'In offline mode nothing you write leaves this server. Conversations are stored where the service runs, in Redis or SQLite, and whoever runs it decides how long. Deleting a session removes it.',
      'Your messages are kept by whoever hosts this service, so that you can come back to them. The offline brain sends nothing to anyone; a connected provider would see what you write.',
    ],
    clock: [
      'I have no clock or calendar, so I can’t tell you, and timers are beyond me too. Your device knows better.',
      'Offline I don’t know the time or the date, sorry. I do know that it’s a fine moment for a question I can answer.',
    ],
    weather: [
      'I have no connection to the weather, sorry. A look out of the window beats me today; your phone’s forecast does too.',
      'I can’t see forecasts from here: the offline brain has no internet. If you are packing for all weathers, I can help with a list.',
    ],
    news: [
      'I’m offline, so I have no news, scores or prices, and I’d rather not make any up. A news site will serve you better.',
      'No connection, no current events, sorry. Anything up to date needs a real source.',
    ],
    joke: [
      'Why do programmers confuse Halloween and Christmas? Because Oct 31 equals Dec 25.',
      'I would tell you a joke about UDP, but you might not get it.',
      'A man asks the librarian for books about paranoia. She whispers: “They’re right behind you.”',
      'I told my computer that I needed a break. Now it keeps sending me holiday adverts.',
      'Parallel lines have so much in common. It’s a shame they’ll never meet.',
    ],
    fun_fact: [
      'Honey hardly ever spoils: pots found in ancient tombs were still edible after thousands of years.',
      'An octopus has three hearts, and two of them pause while it swims. That may be why it prefers to crawl.',
      'Bananas are berries in the botanical sense, and strawberries are not.',
      'A day on Venus lasts longer than its year.',
    ],
    story: [
      'A lighthouse keeper had a lamp that could be seen for twenty miles, and a radio that nobody answered. Every evening he said good night into it all the same. One winter a storm put the lamp out. He took the radio, for want of anything better, and began to read aloud: the weather, an old cookery book, the names of the ships he remembered.\n\nIn the morning three boats lay in the harbour. “We could not see a thing,” said the first captain, “but we heard how to make plum cake, louder on the left, and so we kept left.” Since then the keeper reads every night, lamp or no lamp. And every night, somewhere out there, somebody writes down a recipe.',
      'A tortoise delivered letters in a small town. People complained, for a letter took a week from one end of the street to the other. So they hired a hare. The hare was quick: he ran out with forty letters and came back with six, and could not say where the rest had gone.\n\nThe tortoise was asked to return. “You are slow,” said the mayor, “but we have noticed something. Whatever you carry arrives.” The tortoise thought about this for most of the afternoon. Then she nodded, took her bag, and set off, one letter after the other.',
    ],
    poem: [
      'A word at a time,\nlike steps over stones in a brook:\nno hurry, no rhyme,\nand none of them lost, if you look.',
      'Morning light, cold tea,\na cursor blinking, patient:\nsomeone starts to type.',
    ],
    email: [
      'Here is a short draft to adapt:\n\n> Subject: A quick question\n>\n> Dear …,\n>\n> I’m writing about …. Could you let me know … by …?\n>\n> Many thanks and kind regards,\n> {Name}\n\nSay the point in the first sentence, and ask for one thing.',
      'Try this shape:\n\n> Hello …,\n>\n> thank you for …. Unfortunately … . I suggest … instead. Would that suit you?\n>\n> Best wishes,\n> {Name}\n\nOne idea in each paragraph, and a clear question at the end.',
    ],
    note: [
      'How about this:\n\n> Dear …,\n>\n> thank you so much for …. It made me smile, and I’ll think of you whenever I use it.\n>\n> Warmly,\n> {Name}',
      'A short card needs three things: why you write, one detail that only you two know, and a wish.\n\n> Dear …, all the best to you today! I still laugh about …. May the year bring you ….\n> {Name}',
    ],
    python: [
      'Hello world in Python:\n\n```python\ndef greet(name):\n    return "Hello, " + name + "!"\n\nprint(greet("world"))\n```\n\nThat is about as far as I go offline; a real model can write and debug the rest.',
    ],
    code: [
      'Here is hello world in TypeScript:\n\n```ts\nconst greeting: string = "Hello, world!"\nconsole.log(greeting)\n```\n\nSave it as `hello.ts` and run `node hello.ts`. For more than the first steps, connect a real model.',
    ],
    packing: [
      'A list that fits most trips:\n- papers, cards, keys, telephone and charger\n- underwear and socks for each day, plus one\n- two sets of clothes that can be layered, something for rain\n- wash bag and medicine\n- water bottle, a snack, something to read',
      'Pack in this order: what you can’t buy there (papers, medicine, glasses), what you wear, what charges things, and what passes the time. Lay it all out, then take a third away.',
    ],
    shopping: [
      'A basic list for a week:\n- eggs, yoghurt, cheese or tofu\n- oats, rice, pasta, bread\n- onions, carrots, tomatoes, salad, apples, bananas\n- beans, lentils, tinned tomatoes\n- olive oil, coffee or tea',
      'Think in meals: three dinners, one breakfast you like, and fruit. Write down what each needs, cross out what you have, and the rest is your list.',
    ],
    cooking: [
      'Something quick: fry an onion and garlic in olive oil, add a tin of tomatoes and a tin of beans, salt and paprika, ten minutes. Serve it on rice or bread. It takes twenty minutes and one pan.',
      'Pasta with lemon: cook it, save a cup of the water, toss it with olive oil, grated cheese, the zest and juice of a lemon, and a little of that water. Pepper on top, done.',
    ],
    plan_day: [
      'Try this shape for the day:\n- first: the one task that matters most, 90 minutes without a telephone\n- before lunch: two smaller things\n- afternoon: calls and errands in one block\n- end: ten minutes to tidy up and choose tomorrow’s first task',
      'Write down everything, mark the three that matter, and give each an hour in the calendar. Leave a third of the day empty, because something always comes up.',
    ],
    focus: [
      'Set 25 minutes, put the telephone in another room, and work on one small, named piece. Then take five minutes off. Two such rounds beat a whole afternoon of half work.',
      'Make the first step laughably small: open the file, write one bad sentence. For learning, close the book and say it in your own words; what’s missing is what to read again.',
    ],
    decision: [
      'I can’t decide for you, but this often helps: which choice would you regret not having tried, a year from now? And which one can be undone? Start with the one that can.',
      'Write both options down with the best and the worst that could come of each. Then imagine that the choice is made: relief or disappointment will tell you a lot.',
    ],
    interview: [
      'Prepare three short stories: something you achieved, something that went wrong and what you learnt, and a time you worked with difficult people. Say them aloud once. Have two questions ready for them as well.',
      'Keep it clear: what you did, for whom, and what came of it, with numbers where you can. One page for a CV, one message for a talk, and practise the opening aloud.',
    ],
    money: [
      'I can’t give financial advice, but a simple start is to write down every expense for a month. Then set something aside on the day money comes in, rather than what is left at the end. For bigger matters ask an independent adviser.',
      'A common rule of thumb is half for needs, thirty percent for wishes, and twenty for saving or debt. Look at the three largest items first; that is where it pays.',
    ],
    friends: [
      'People matters are best said simply and early: what happened, how it was for you, what you wish for. Ask first how they see it, and listen to the end.',
      'With people, small and regular beats big and rare: a short message, a question about something they told you. What would you like to happen?',
    ],
    recommend: [
      'I can’t look anything up offline, and tastes differ. Tell a friend the last thing you loved and ask for one like it; that works better than most lists.',
      'I have no catalogue here, so only a few classics that rarely disappoint: the film “Groundhog Day”, the book “The Hobbit”, the music of Nina Simone.',
    ],
    gift: [
      'Good gifts remove a small annoyance or give time together. Think of something the person said in the last month, or give an evening: tickets, a cooked dinner, a day out.',
      'Three safe roads: something they use up and enjoy, something with a memory in it, or help with a thing they put off. A handwritten line makes any of them better.',
    ],
    meaning: [
      'Forty-two, according to one book. Others say: people to love, something to do, and something to look forward to. I’m a small offline program, so I’d go with the others.',
      'Philosophers have argued about that for a good while, and I can’t settle it offline. What gives your days meaning?',
    ],
    test: [
      'Loud and clear! The message came in, and this reply went out word by word. What would you like to try next?',
      'It works. You wrote, and I’m answering as a stream. Ask me for a story if you want to see a longer one.',
    ],

    no: ['All right. What would you like instead?', 'No problem. I could offer {first} or {second}.'],
    maybe: [
      'Take your time. If it helps to have something to choose from: {first} or {second}?',
      'No rush. Would {first} be of use?',
    ],
    okay: [
      'Good. Anything else I can do for you?',
      'Great. Should you want something more, I can offer {first} or {second}.',
    ],

    how_are_you: [
      'I’m fine, thank you: all words in their places. How are you?',
      'Doing well, as programs go. And you, how is your day?',
    ],
    feeling_good: [
      'Glad to hear it{, name}! What shall we do with it?',
      'That’s nice to hear. What can I help you with?',
    ],
    identity: [
      'I’m the offline brain of Repartee, a self-hosted chat service. I answer from prepared material, without a language model, so I’m good for a first try and for a handful of topics.',
      'I’m an assistant built into this service. I work without any network or model, which makes me quick, private and rather limited.',
    ],
    human: [
      'I’m a program, and a simple one: no feelings, no body, just prepared answers chosen with some care.',
      'No human here, I’m afraid. I’m an offline program that picks fitting replies; it’s still nice talking to you.',
    ],
    capabilities: [
      'Offline I can do a fair bit: sums, jokes, stories, short notes and e-mails, lists, planning a day, decisions, fitness and relaxation basics. I can also explain how this service works. Shall we start with {first}?',
      'Ask me for {first} or {second}, a sum such as 12 * 7, or how streaming works here. For open questions you’d connect a real model.',
    ],
    thanks: ['You’re welcome{, name}!', 'Gladly. Let me know if there’s anything else.', 'My pleasure.'],
    bye: ['Goodbye{, name}! Your conversation stays here if you want to come back to it.', 'See you. Have a good day!'],
    praise: ['Thank you, that’s kind of you. What’s next?', 'That’s nice to hear, thanks{, name}.'],
    insult: [
      'Fair enough, I’m only the offline brain and often miss the point. Try putting it another way, or ask me for {first}.',
      'Sorry that I was of no use. I know a limited set of topics; with a real model connected it would be a better conversation.',
    ],
    laugh: ['Glad that made you smile.', 'I do my best. Want another one?'],
    sorry: ['No harm done at all. Where were we?', 'Nothing to be sorry about. What would you like to do?'],
    unclear: [
      'Sorry, I’ll try to be clearer. Which part should I explain?',
      'That may have been confusing. Ask me “why?” or “tell me more”, or put your question another way.',
    ],
    chatter: [
      'I have no life outside of this chat, so no favourites and no hobbies to report. But I do like a good question. What about you?',
      'Being a program, I can’t say that I do. What made you ask?',
    ],
    greeting: [
      'Hello{, name}! What can I do for you today?',
      'Hi there{, name}, good to see you. What’s on your mind?',
      'Hello{, name} and welcome. Ask me something, or say “help” to see what I can do.',
    ],
    greeting_again: [
      'Hello again{, name}! Where shall we go on?',
      'Hi once more{, name}. What’s next?',
      'Still here{, name}, and happy to help. What would you like?',
    ],
    dislike: [
      'All right, then we leave that out. There are other ways: walking, cycling, swimming, dancing, or a few exercises at home. Which of these sounds bearable?',
      'Then not that. What do you enjoy doing, even a little? It’s best to start from there.',
    ],
    ask_topic: [
      'I’m not sure what that refers to. What would you like to talk about? I could offer {first} or {second}.',
      'Happy to, but about what? Give me a topic, for example {first}.',
    ],
    exhausted: [
      'That’s all I know about it offline. A connected model could go deeper. Shall we look at something else, say {first}?',
    ],
    fallback: [
      'I’m the offline brain, and I can’t answer that properly. With a provider key such as OPENAI_API_KEY set for this service, a real model would. Meanwhile I can offer {first} or {second}.',
      'Honestly, that’s beyond me: I work offline, from prepared material. Setting a key such as OPENAI_API_KEY connects a real model. What I can do right now is {first} or {second}.',
      'I don’t have an answer to that, and I’d rather not invent one. I’m only the offline brain; a real one comes with a provider key, OPENAI_API_KEY for example. How about {first} or {second} instead?',
    ],
  },
}
